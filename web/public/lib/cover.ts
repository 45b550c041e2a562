// Another cover, on the status page: the moments of each clip as pictures, one press chooses. Loaded when the reader opens it.

import type { Submission } from './api'
import { clock, type Moment, momentsOf, spread } from './storyboard'

const FEW = 12 // pictures at first: enough to choose from without scrolling far

export interface CoverTools {
  read(name: string): Promise<Response> // a file of the storyboard
  picture(position: number): Promise<string> // the cover as it is
  choose(position: number, ms: number): void
}

interface Picked {
  position: number
  image: HTMLImageElement // the cover as it is
  list: HTMLElement // of the moments
}

function element<K extends keyof HTMLElementTagNameMap>(name: K, more: Partial<HTMLElementTagNameMap[K]> = {}): HTMLElementTagNameMap[K] {
  return Object.assign(document.createElement(name), more)
}

async function imageOf(answer: Response): Promise<HTMLImageElement> {
  const image = new Image()

  image.src = URL.createObjectURL(await answer.blob())
  await image.decode()
  URL.revokeObjectURL(image.src)
  return image
}

function drawn(sprite: HTMLImageElement, { tile }: Moment): HTMLCanvasElement {
  const canvas = element('canvas', { width: tile.width, height: tile.height })

  canvas.getContext('2d')?.drawImage(sprite, tile.x, tile.y, tile.width, tile.height, 0, 0, tile.width, tile.height)
  return canvas
}

// What is public is taken off by another cover: that is asked once more.
function confirmed(): Promise<boolean> {
  const dialog = element('dialog', { className: 'card' })
  const title = element('h2', { textContent: '换成这一格吗？', id: 'cover-title' })
  const form = element('form', { method: 'dialog', className: 'buttons' })
  const no = element('button', { className: 'button plain', value: 'no', textContent: '不换' })

  dialog.setAttribute('aria-labelledby', title.id)
  form.append(element('button', { className: 'button', value: 'yes', textContent: '换' }), no)
  dialog.append(title, element('p', { textContent: '换了以后要重新审核，审核通过前先不展示。' }), form)
  document.body.append(dialog)
  dialog.showModal()
  no.focus() // what does no harm
  return new Promise((done) => dialog.addEventListener('close', () => {
    dialog.remove()
    done(dialog.returnValue === 'yes')
  }))
}

// Draws the clips of `work` into `box`; the answer shows what became of them, at every new state of the work.
export async function open(box: HTMLElement, work: Submission, tools: CoverTools): Promise<(work: Submission) => void> {
  let current = work
  let shown = ''
  const clips: Picked[] = []

  async function press(position: number, ms: number): Promise<void> {
    if (current.status !== 'published' || (await confirmed())) {
      tools.choose(position, ms)
    }
  }

  async function clip(position: number): Promise<Picked> {
    const name = `${position === 1 ? '' : `${position}-`}storyboard`
    const [vtt, sprite] = await Promise.all([
      tools.read(`${name}.vtt`).then((answer) => answer.text()),
      tools.read(`${name}.jpg`).then(imageOf),
    ])
    const moments = momentsOf(vtt)
    const image = element('img', { className: 'cover' })
    const list = element('ol', { className: 'covers' })
    const which = (work.cover?.clips.length ?? 0) > 1 ? `第 ${position} 个视频` : ''

    function fill(some: Moment[]): void {
      list.replaceChildren(...some.map((moment) => {
        const row = element('li')
        const button = element('button', { type: 'button' })

        button.dataset.ms = String(moment.ms)
        button.setAttribute('aria-label', `${which}用 ${clock(moment.ms)} 的画面做封面`)
        button.append(drawn(sprite, moment), element('span', { textContent: clock(moment.ms) }))
        button.addEventListener('click', () => void press(position, moment.ms))
        row.append(button)
        return row
      }))
      mark({ position, list })
    }

    const more = element('button', { type: 'button', className: 'button plain wide', textContent: '看更多画面', hidden: moments.length <= FEW })
    more.addEventListener('click', () => {
      fill(moments)
      more.hidden = true
      list.querySelector('button')?.focus()
    })
    image.alt = `${which}现在的封面`
    fill(spread(moments, FEW))
    box.append(...(which === '' ? [] : [element('h3', { textContent: which })]), image, list, more)
    return { position, image, list }
  }

  function mark({ position, list }: Pick<Picked, 'position' | 'list'>): void {
    const chosen = current.cover?.moments[position]

    list.querySelectorAll('button').forEach((one) => one.setAttribute('aria-pressed', String(Number(one.dataset.ms) === chosen)))
  }

  function show(now: Submission): void {
    const state = `${now.revision} ${now.cover?.pending}`

    current = now
    if (state !== shown) {
      shown = state
      for (const one of clips) {
        mark(one)
        void tools.picture(one.position).then((url) => (one.image.src = url)).catch(() => undefined) // the old one stays
      }
    }
  }

  for (const position of work.cover?.clips ?? []) {
    clips.push(await clip(position)) // one after the other, in their order
  }
  show(work)
  return show
}
