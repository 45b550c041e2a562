// A submitter's own subtitles on the status page: for each clip a file in, and how it stands. Loaded when the reader opens it.

import { Problem, request } from './api'
import { picker } from './picker'

const MOST_BYTES = 512 * 1024 // what the service takes
const LANGUAGE = 'zh'

interface Subtitle {
  position: number
  language: string
  is_approved: boolean
}

interface List {
  items: Subtitle[]
  clips: number[]
}

const standing = (own: Subtitle | undefined): string =>
  own === undefined ? '还没有字幕。' : own.is_approved ? '字幕已经公开，再选一个文件可以换。' : '字幕收到了，等工作人员看。'

const failureOf = (error: unknown): string => (error instanceof Problem ? error.detail : '没有成功，请再试一次。')

export async function open(box: HTMLElement, code: string, headers: () => Record<string, string>): Promise<void> {
  const path = `submissions/${encodeURIComponent(code)}/subtitles`
  const read = (): Promise<List> => request<List>('GET', path, undefined, headers())

  async function send(file: File, position: number): Promise<string> {
    if (file.size > MOST_BYTES) {
      throw new Problem(413, 'limit', '这个文件太大，不像是字幕。请选 .srt 或 .vtt 文件。')
    }
    await request('PUT', `${path}/${position}-${LANGUAGE}`, { vtt: await file.text() }, headers())
    return standingOf(await read(), position)
  }

  const standingOf = (list: List, position: number): string =>
    standing(list.items.find((one) => one.position === position && one.language === LANGUAGE))

  function row(list: List, position: number): HTMLElement[] {
    const which = list.clips.length > 1 ? `第 ${position} 个：` : ''
    const said = document.createElement('p')
    const place = document.createElement('p')
    const pick = picker(`${which}选字幕文件（.srt 或 .vtt）`, (file) => {
      send(file, position).catch(failureOf).then((text) => (said.textContent = which + text), () => undefined)
    }, { className: 'button plain wide pick', accept: '.vtt,.srt,text/vtt' })

    said.className = 'soft'
    said.setAttribute('role', 'status')
    said.textContent = which + standingOf(list, position)
    place.append(pick)
    return [said, place]
  }

  try {
    const list = await read()

    box.replaceChildren(...list.clips.flatMap((position) => row(list, position)))
  } catch (error) {
    box.textContent = failureOf(error)
  }
}
