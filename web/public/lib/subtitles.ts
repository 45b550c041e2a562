// A submitter's own subtitles on the status page: a file in, and how it stands. Loaded when the reader opens it.

import { Problem, request } from './api'

const MOST_BYTES = 512 * 1024 // what the service takes
const LANGUAGE = 'zh'

interface Subtitle {
  language: string
  is_approved: boolean
}

export function open(box: HTMLElement, code: string, headers: () => Record<string, string>): void {
  const said = box.querySelector('[data-subtitles-said]') as HTMLElement
  const field = box.querySelector('input') as HTMLInputElement
  const path = `submissions/${encodeURIComponent(code)}/subtitles`

  async function tell(): Promise<void> {
    const { items } = await request<{ items: Subtitle[] }>('GET', path, undefined, headers())
    const own = items.find((one) => one.language === LANGUAGE)

    said.textContent = own === undefined ? '还没有字幕。' : own.is_approved ? '字幕已经公开，再选一个文件可以换。' : '字幕收到了，等工作人员看。'
  }

  async function send(): Promise<void> {
    const file = field.files?.[0]

    if (file !== undefined && file.size > MOST_BYTES) {
      throw new Problem(413, 'limit', '这个文件太大，不像是字幕。请选 .srt 或 .vtt 文件。')
    }
    if (file !== undefined) {
      await request('PUT', `${path}/${LANGUAGE}`, { vtt: await file.text() }, headers())
    }
    await tell()
  }

  const attempt = (task: () => Promise<void>): void => {
    task().catch((error: unknown) => (said.textContent = error instanceof Problem ? error.detail : '没有成功，请再试一次。'))
      .finally(() => (field.value = ''))
  }

  field.addEventListener('change', () => attempt(send))
  attempt(tell)
}
