// One file on its way, by tus. Loaded when a file is picked. It never gives up by itself: a broken line is waited
// for, a silent one is cut after 15 seconds, and each start asks the service how far it came.
// Slices are read into memory before they are sent: phones that take a file back then fail with a clear error and not
// with one that looks like being offline.

import { type FileReader as TusFileReader, Upload } from 'tus-js-client'
import { Problem, problemOf } from './api'

const CHUNK_MIN_BYTES = 64 * 1024
const CHUNK_MAX_BYTES = 8 * 1024 * 1024
const CHUNK_FIRST_BYTES = 512 * 1024
const QUICK_MS = 1500
const SLOW_MS = 5000
const SILENCE_MS = 15000
const WAIT_MAX_MS = 30000

export interface Sending {
  file: File
  spare?(): Promise<Blob | null> // a copy, for when the phone takes the file back
  track: string
  fingerprint: string
  url: string | null // of an earlier try
  onUrl(url: string): void
  onProgress(sentBytes: number): void
  onWaiting(why: string): void // the service's own sentence where it had one; '': the line
  onDone(id: string): void
  onRefused(problem: Problem): void
}

const UNREADABLE = new Problem(0, 'unreadable', '手机把这个文件收回去了，请再选一次同一个文件，会接着传。')

// Answers that no repetition changes.
function isFinal(status: number): boolean {
  return [400, 401, 403, 413, 415, 422].includes(status)
}

// What a refusal says; '' where it is none of ours, such as a proxy's page.
function sentenceOf(text: string): string {
  try {
    return (JSON.parse(text) as { detail?: string }).detail ?? ''
  } catch {
    return ''
  }
}

export class FileUpload {
  private readonly upload: Upload
  private readonly alarm: number
  private chunkBytes = CHUNK_FIRST_BYTES
  private chunkStartedMs = 0
  private movedMs = Date.now()
  private waitMs = 1000
  private waiting = 0
  private unreadable = false
  private source: Blob
  private over = false

  constructor(private readonly sending: Sending) {
    this.source = sending.file
    this.upload = new Upload(sending.file, {
      endpoint: '/files',
      uploadUrl: sending.url,
      chunkSize: CHUNK_MAX_BYTES,
      retryDelays: null as unknown as number[], // repeated here, without an end
      storeFingerprintForResuming: false,
      fingerprint: () => Promise.resolve(sending.fingerprint),
      fileReader: this.reader(),
      metadata: {
        filename: sending.file.name,
        filetype: sending.file.type,
        track: sending.track,
        fingerprint: sending.fingerprint,
      },
      onUploadUrlAvailable: () => sending.onUrl(this.upload.url ?? ''),
      onProgress: (sent) => this.moved(sent),
      onChunkComplete: () => this.adapt(),
      onError: (error) => this.failed(error),
      onSuccess: () => this.done(),
    })
    this.alarm = window.setInterval(() => this.watch(), 1000)
    window.addEventListener('online', this.wake)
    document.addEventListener('visibilitychange', this.wake)
    this.upload.start()
  }

  stop(): void {
    this.finish()
    void this.upload.abort(false)
  }

  // A phone may take a picked file back at any time; what was copied before goes on.
  private async read(from: number, to: number): Promise<ArrayBuffer> {
    try {
      return await this.source.slice(from, to).arrayBuffer()
    } catch {
      this.source = (await this.sending.spare?.()) ?? this.source
    }
    try {
      return await this.source.slice(from, to).arrayBuffer()
    } catch (error) {
      this.unreadable = true
      throw error
    }
  }

  private reader(): TusFileReader {
    const { file } = this.sending

    return {
      openFile: async () => ({
        size: file.size,
        slice: async (start: number, end: number) => {
          const to = Math.min(end, start + this.chunkBytes, file.size)

          const bytes = await this.read(start, to)

          this.chunkStartedMs = this.movedMs = Date.now()
          return { value: new Blob([bytes]), done: to >= file.size }
        },
        close: () => undefined,
      }),
    } as unknown as TusFileReader
  }

  private moved(sentBytes: number): void {
    this.movedMs = Date.now()
    this.waitMs = 1000
    this.sending.onProgress(sentBytes)
  }

  private adapt(): void {
    const tookMs = Date.now() - this.chunkStartedMs

    if (tookMs < QUICK_MS) {
      this.chunkBytes = Math.min(CHUNK_MAX_BYTES, this.chunkBytes * 2)
    } else if (tookMs > SLOW_MS) {
      this.chunkBytes = Math.max(CHUNK_MIN_BYTES, this.chunkBytes / 2)
    }
  }

  private failed(error: Error): void {
    const answer = (error as { originalResponse?: { getStatus(): number; getBody(): string } }).originalResponse
    const status = answer?.getStatus() ?? 0

    if (this.over) {
      return
    }
    if (this.unreadable || isFinal(status)) {
      this.finish()
      this.sending.onRefused(this.unreadable ? UNREADABLE : problemOf(status, answer?.getBody() ?? ''))
      return
    }
    this.sending.onWaiting(status >= 500 ? sentenceOf(answer?.getBody() ?? '') : '')
    window.clearTimeout(this.waiting)
    this.waiting = window.setTimeout(() => this.again(), this.waitMs)
    this.waitMs = Math.min(WAIT_MAX_MS, this.waitMs * 2)
  }

  private again(): void {
    window.clearTimeout(this.waiting)
    this.waiting = 0
    this.movedMs = Date.now()
    this.upload.start()
  }

  private readonly wake = (): void => {
    if (this.waiting !== 0 && document.visibilityState === 'visible') {
      this.again()
    }
  }

  private watch(): void {
    if (this.waiting !== 0 || Date.now() - this.movedMs < SILENCE_MS) {
      return
    }
    this.movedMs = Date.now()
    this.chunkBytes = Math.max(CHUNK_MIN_BYTES, this.chunkBytes / 2)
    this.sending.onWaiting('')
    void this.upload.abort(false).then(() => this.over || this.again())
  }

  private done(): void {
    const id = (this.upload.url ?? '').split('/').pop() ?? ''

    this.finish()
    this.sending.onDone(id)
  }

  private finish(): void {
    this.over = true
    window.clearInterval(this.alarm)
    window.clearTimeout(this.waiting)
    window.removeEventListener('online', this.wake)
    document.removeEventListener('visibilitychange', this.wake)
  }
}
