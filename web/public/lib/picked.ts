// One picked file on the page: its picture, its line of progress, its sentence.

import type { Problem, Track } from './api'
import type { Draft } from './draft'
import { fingerprintOf } from './fingerprint'
import type { Kind } from './judge'
import { drop, find, keep } from './spool'
import { FileUpload } from './upload'
import { bytesText, remainingText, secondsText, waitingText } from './words'

export { kindOf, lengthRefusal, refusal } from './judge'

const PREVIEW_MS = 3000
const METERED_BYTES = 50 * 1024 * 1024

export interface Owner {
  draft: Draft
  changed(): void // something to save, to say or to send
}

// What a browser tells of the line; few do.
interface Line extends EventTarget {
  type?: string
}

export class Picked {
  readonly row: HTMLLIElement
  uploadId = '' // as soon as the service knows of it
  isWhole = false
  percent = 0
  text = ''
  problem: Problem | null = null
  moving = false
  private upload: FileUpload | null = null
  fingerprint = ''
  private startedMs = 0
  private startedBytes = -1
  private removed = false

  constructor(
    readonly file: File,
    readonly kind: Kind,
    private readonly owner: Owner,
    remove: (picked: Picked) => void,
    move: (picked: Picked, by: -1 | 1) => void,
  ) {
    const template = document.getElementById('file-card') as HTMLTemplateElement

    this.row = (template.content.cloneNode(true) as DocumentFragment).firstElementChild as HTMLLIElement
    this.part('name').textContent = file.name
    this.part('facts').textContent = bytesText(file.size)
    this.part('remove').addEventListener('click', () => remove(this))
    this.part('photo').hidden = kind !== 'photo'
    this.part('earlier').addEventListener('click', () => move(this, -1))
    this.part('later').addEventListener('click', () => move(this, 1))
  }

  get caption(): string {
    return this.part<HTMLInputElement>('caption').value.trim()
  }

  // What each button does is said with the place: nine of them sound alike otherwise.
  place(at: number, of: number, unit: string): void {
    const name = (part: string, text: string): void => this.part(part).setAttribute('aria-label', `第 ${at + 1} ${unit}，${text}`)

    this.part('photo').hidden = this.kind !== 'photo' && of < 2
    if (this.kind !== 'photo' && of < 2) {
      return
    }
    name('earlier', '往前移')
    name('later', '往后移')
    name('remove', '不要这个')
    name('caption', this.kind === 'photo' ? '照片说明' : '说明')
    this.part('earlier').parentElement!.hidden = of < 2
    this.part<HTMLButtonElement>('earlier').disabled = at === 0
    this.part<HTMLButtonElement>('later').disabled = at === of - 1
  }

  focus(by: -1 | 1): void {
    const [wanted, other] = by < 0 ? ['earlier', 'later'] : ['later', 'earlier']
    const button = this.part<HTMLButtonElement>(wanted)

    ;(button.disabled ? this.part(other) : button).focus()
  }

  // Shows the file and answers its length in seconds, 0 when the phone cannot tell.
  preview(): Promise<number> {
    const address = URL.createObjectURL(this.file)

    if (this.kind === 'photo') {
      const picture = document.createElement('img')
      picture.src = address
      picture.alt = ''
      picture.onerror = () => picture.remove()
      this.part('preview').append(picture)
      return Promise.resolve(0)
    }
    return this.previewVideo(address)
  }

  private previewVideo(address: string): Promise<number> {
    const video = document.createElement('video')

    video.controls = video.muted = video.playsInline = true
    video.preload = 'metadata'
    video.setAttribute('aria-label', '您选的视频')
    this.part('preview').append(video)
    return new Promise((tell) => {
      const unseen = (): void => {
        this.part('preview').textContent = '能上传，只是这里看不了。'
        tell(Number.isFinite(video.duration) ? video.duration : 0)
      }

      video.onerror = unseen
      video.onloadedmetadata = () => {
        if (video.videoWidth === 0) {
          unseen()
          return
        }
        this.part('facts').textContent = `${bytesText(this.file.size)}，${secondsText(video.duration)}`
        tell(Number.isFinite(video.duration) ? video.duration : 0)
      }
      window.setTimeout(() => tell(0), PREVIEW_MS)
      video.src = address
    })
  }

  async start(track: Track): Promise<void> {
    try {
      this.fingerprint = await fingerprintOf(this.file)
    } catch {
      this.say('这个文件读不出来。如果它在云相册里，请先下载到手机。')
      return
    }
    void keep(this.fingerprint, this.file)
    await this.askMetered()
    if (this.removed) {
      return
    }
    this.moving = true
    this.upload = new FileUpload({
      file: this.file,
      spare: () => find(this.fingerprint),
      track: track.key,
      fingerprint: this.fingerprint,
      url: this.owner.draft.uploads[this.fingerprint]?.url ?? null,
      onUrl: (url) => this.keep(url),
      onProgress: (sent) => this.progress(sent),
      onWaiting: (why) => this.wait(why),
      onDone: (id) => this.done(id),
      onRefused: (problem) => this.refuse(problem),
    })
    this.say('开始传了，您可以接着往下填。')
  }

  // Settled when the bytes may go: at once, by the button, or when the phone has left the paid line.
  private askMetered(): Promise<void> {
    const line = (navigator as { connection?: Line }).connection
    const buttons = this.part('metered')

    if (line?.type !== 'cellular' || this.file.size <= METERED_BYTES) {
      return Promise.resolve()
    }
    this.say(`现在用的是流量（约 ${bytesText(this.file.size)}）。要现在传吗？`)
    buttons.hidden = false
    return new Promise((settle) => {
      const go = (): void => {
        buttons.hidden = true
        settle()
      }

      this.part('go').addEventListener('click', go)
      this.part('wait').addEventListener('click', () => this.say('好的，连上 WiFi 会自动开始，这一页请开着。'))
      line.addEventListener('change', () => line.type === 'cellular' || go())
    })
  }

  remove(): void {
    this.removed = true
    this.moving = false
    this.upload?.stop()
    void drop(this.fingerprint)
    delete this.owner.draft.uploads[this.fingerprint]
    this.row.remove()
  }

  private keep(url: string): void {
    this.uploadId = url.split('/').pop() ?? ''
    this.owner.draft.uploads[this.fingerprint] = { url, name: this.file.name, percent: this.percent }
    this.owner.changed()
  }

  private progress(sentBytes: number): void {
    const now = Date.now()

    if (this.startedBytes < 0 || sentBytes < this.startedBytes) {
      this.startedBytes = sentBytes
      this.startedMs = now
    }
    this.moving = true
    this.percent = Math.floor((sentBytes / this.file.size) * 100)
    const kept = this.owner.draft.uploads[this.fingerprint]
    if (kept !== undefined) {
      kept.percent = this.percent
    }
    const speed = (sentBytes - this.startedBytes) / Math.max(1, now - this.startedMs)
    const left = speed > 0 ? `，${remainingText((this.file.size - sentBytes) / speed / 1000)}` : ''
    this.say(`已传 ${this.percent}%${left}`)
  }

  private wait(why: string): void {
    this.startedBytes = -1
    this.say(waitingText(why))
  }

  private done(id: string): void {
    this.uploadId = id
    this.isWhole = true
    this.percent = 100
    this.moving = false
    this.say('传好了。')
  }

  private refuse(problem: Problem): void {
    this.problem = problem
    this.moving = false
    if (problem.status !== 0) {
      void drop(this.fingerprint)
    }
    delete this.owner.draft.uploads[this.fingerprint]
    this.percent = 0
    this.part('preview').replaceChildren()
    this.part('state').className = 'error'
    this.say(problem.detail)
  }

  private say(text: string): void {
    this.text = text
    this.part('state').textContent = text
    ;(this.row.querySelector('progress') as HTMLProgressElement).value = this.percent
    this.owner.changed()
  }

  private part<T extends HTMLElement>(name: string): T {
    return this.row.querySelector(`[data-${name}]`) as T
  }
}
