// Another cover, on the status page: the moments of each clip as pictures, one press chooses. Loaded when the reader opens it.

import type { Submission } from './api'
import { own, picture } from './own'
import { clock, type Moment, momentsOf, spread } from './storyboard'

const FEW = 12 // pictures at first: enough to choose from without scrolling far

interface Clip {
  position: number
  image: HTMLImageElement // the cover as it is
  list: HTMLElement // of the moments
  parts: HTMLElement[]
}

interface Chooser {
  work: Submission // as it is now
  headers: () => Record<string, string>
  press: (position: number, ms: number) => void
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

function mark(chooser: Chooser, { position, list }: Pick<Clip, 'position' | 'list'>): void {
  const chosen = chooser.work.cover?.moments[position]

  list.querySelectorAll('button').forEach((one) => one.setAttribute('aria-pressed', String(Number(one.dataset.ms) === chosen)))
}

function tile(moment: Moment, sprite: HTMLImageElement, which: string, press: () => void): HTMLElement {
  const row = element('li')
  const button = element('button', { type: 'button' })

  button.dataset.ms = String(moment.ms)
  button.setAttribute('aria-label', `${which}用 ${clock(moment.ms)} 的画面做封面`)
  button.append(drawn(sprite, moment), element('span', { textContent: clock(moment.ms) }))
  button.addEventListener('click', press)
  row.append(button)
  return row
}

async function clipOf(chooser: Chooser, position: number): Promise<Clip> {
  const { work, headers, press } = chooser
  const name = `storyboard/${position === 1 ? '' : `${position}-`}storyboard`
  const [vtt, sprite] = await Promise.all([
    own(work.code, `${name}.vtt`, headers()).then((answer) => answer.text()),
    own(work.code, `${name}.jpg`, headers()).then(imageOf),
  ])
  const moments = momentsOf(vtt)
  const which = (work.cover?.clips.length ?? 0) > 1 ? `第 ${position} 个视频` : ''
  const image = element('img', { className: 'cover', alt: `${which}现在的封面` })
  const list = element('ol', { className: 'covers' })
  const more = element('button', { type: 'button', className: 'button plain wide', textContent: '看更多画面', hidden: moments.length <= FEW })

  function fill(some: Moment[]): void {
    list.replaceChildren(...some.map((moment) => tile(moment, sprite, which, () => press(position, moment.ms))))
    mark(chooser, { position, list })
  }

  more.addEventListener('click', () => {
    fill(moments)
    more.hidden = true
    list.querySelector('button')?.focus()
  })
  fill(spread(moments, FEW))
  return { position, image, list, parts: [...(which === '' ? [] : [element('h3', { textContent: which })]), image, list, more] }
}

// Draws the clips of `work` into `part` while it is open. `follow` is given what shows every new state of the work there.
export async function open(
  part: HTMLDetailsElement,
  work: Submission | null,
  headers: () => Record<string, string>,
  change: (method: string, path: string, body: unknown, done: string) => Promise<void>,
  follow: (show: (work: Submission) => void) => void,
): Promise<void> {
  const box = part.querySelector('[data-moments]') as HTMLElement
  const drawing = part.querySelector('[data-drawing]') as HTMLElement
  let mine = work?.revision // or the one that a press here leads to
  let shown = ''

  if (!part.open || work === null || box.dataset.drawn !== undefined) {
    return
  }
  const chooser: Chooser = { work, headers, press: (position, ms) => void press(position, ms) }

  async function press(position: number, ms: number): Promise<void> {
    if (chooser.work.status !== 'published' || (await confirmed())) {
      mine = (chooser.work.revision ?? 0) + 1
      await change('PATCH', '', { cover_ms: ms, position }, '选好了，会重新审核。')
    }
  }

  function clear(): void {
    part.open = false
    box.replaceChildren()
    delete box.dataset.drawn
  }

  const clips: Clip[] = []

  // Another file has other moments: who opens it then sees those.
  function show(now: Submission): void {
    const state = `${now.revision} ${now.cover?.pending}`

    if (box.dataset.drawn === undefined || state === shown) {
      return
    }
    if (!now.cover || (now.revision !== chooser.work.revision && now.revision !== mine)) {
      clear()
      return
    }
    shown = state
    chooser.work = now
    drawing.hidden = !now.cover.pending
    for (const clip of clips) {
      mark(chooser, clip)
      void picture(now.code, clip.position, headers()).then((url) => (clip.image.src = url)).catch(() => undefined) // the old one stays
    }
  }

  box.dataset.drawn = ''
  box.replaceChildren()
  try {
    for (const position of work.cover?.clips ?? []) {
      const clip = await clipOf(chooser, position) // one after the other, in their order
      clips.push(clip)
      box.append(...clip.parts)
    }
    show(work)
    follow(show)
  } catch {
    delete box.dataset.drawn
    box.textContent = '画面没有取到，请合上再打开一次。'
  }
}
