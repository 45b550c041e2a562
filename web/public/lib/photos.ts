// A work of several files on the status page: its pictures and clips in another order, with captions, some left out. Loaded when the reader
// opens it. All by buttons, so that a keyboard and a thumb do the same.

import type { Submission } from './api'
import { picture } from './own'
import { picker } from './picker'

export interface Photo {
  position: number
  caption: string
}

export interface PhotoEditor {
  // What to send: `photos` only when order or number changed, because then the pictures are prepared anew.
  changes(): { photos?: number[]; captions: string[] }
}

function button(text: string, label: string, act: () => void): HTMLButtonElement {
  const element = document.createElement('button')

  element.type = 'button'
  element.className = 'button plain'
  element.textContent = text
  element.setAttribute('aria-label', label)
  element.addEventListener('click', act)
  return element
}

function buttonsOf(element: Element | undefined): HTMLButtonElement[] {
  return Array.from(element?.querySelectorAll('button') ?? [])
}

export function editPhotos(
  list: HTMLElement,
  work: Submission,
  headers: () => Record<string, string>,
  say: (text: string) => void,
  replace: (file: File, position: number) => void,
): PhotoEditor {
  const start = work.photos ?? []
  const unit = start.some((one) => one.kind === 'video') ? '个' : '张'
  let photos: Photo[] = start.map((one) => ({ ...one }))
  const pictures = new Map(start.map((one) => [one.position, picture(work.code, one.position, headers())]))

  function move(from: number, to: number): void {
    photos.splice(to, 0, ...photos.splice(from, 1))
    draw()
    say(`现在是第 ${to + 1} ${unit}，共 ${photos.length} ${unit}。`)
    const [earlier, later] = buttonsOf(list.children[to])
    const [wanted, other] = to < from ? [earlier, later] : [later, earlier]
    ;(wanted?.disabled ? other : wanted)?.focus()
  }

  function leaveOut(at: number): void {
    photos = photos.filter((_, i) => i !== at)
    draw()
    say(`去掉了，还有 ${photos.length} ${unit}。`)
    list.children[Math.min(at, photos.length - 1)]?.querySelector('input')?.focus()
  }

  function row(photo: Photo, at: number): HTMLLIElement {
    const element = document.createElement('li')
    const image = document.createElement('img')
    const field = document.createElement('label')
    const caption = document.createElement('input')
    const moves = document.createElement('p')
    const name = `第 ${at + 1} ${unit}`

    element.className = 'file'
    image.alt = name
    void pictures.get(photo.position)?.then((address) => (image.src = address)).catch(() => image.remove())
    field.className = 'field'
    field.append(Object.assign(document.createElement('b'), { textContent: `${name}的说明` }), caption)
    caption.maxLength = 40
    caption.autocomplete = 'off'
    caption.value = photo.caption
    caption.addEventListener('input', () => (photo.caption = caption.value))
    moves.className = 'moves'
    moves.append(
      button('往前移', `${name}，往前移`, () => move(at, at - 1)),
      button('往后移', `${name}，往后移`, () => move(at, at + 1)),
      button('去掉', `${name}，去掉`, () => leaveOut(at)),
    )
    const never = [at === 0, at === photos.length - 1, photos.length === 1]
    buttonsOf(moves).forEach((one, i) => (one.disabled = never[i] ?? false))
    element.append(image, field, moves)
    if (work.actions.includes('replace')) {
      element.append(picker(`换掉第 ${at + 1} ${unit}`, (file) => replace(file, photo.position), { className: 'button plain wide pick' }))
    }
    return element
  }

  function draw(): void {
    list.replaceChildren(...photos.map(row))
  }

  draw()
  return {
    changes: () => {
      const same = photos.length === start.length && photos.every((one, i) => one.position === start[i]?.position)
      const captions = photos.map((one) => one.caption.trim())

      return same ? { captions } : { photos: photos.map((one) => one.position), captions }
    },
  }
}
