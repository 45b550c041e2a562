// Other files for a work that was sent already, from the status page. Loaded when they are picked.

import { Problem, request, type Rules, type Submission } from './api'
import { fingerprintOf } from './fingerprint'
import { FileUpload } from './upload'
import { waitingText } from './words'

async function sendOne(file: File, track: string, url: string | null, sent: (bytes: number) => void, say: (text: string) => void): Promise<string> {
  const fingerprint = await fingerprintOf(file)

  return new Promise((done, fail) => {
    new FileUpload({
      file, track, fingerprint, url,
      onUrl: () => undefined,
      onProgress: sent,
      onWaiting: (why) => say(waitingText(why)),
      onDone: done,
      onRefused: fail,
    })
  })
}

// The uploads' ids, one after the other; a Problem says why not.
export async function resend(files: File[], trackKey: string, say: (text: string) => void): Promise<string[]> {
  const track = (await request<Rules>('GET', 'rules')).tracks.find((one) => one.key === trackKey)
  const most = Math.max(1, track?.max_files ?? 1)
  const total = files.reduce((sum, one) => sum + one.size, 0)
  const ids: string[] = []
  let before = 0

  if (files.length > most) {
    throw new Problem(0, 'too-many-files', `最多 ${most} 个文件。`)
  }
  if (track !== undefined && files.some((one) => one.size > track.max_bytes)) {
    throw new Problem(0, 'upload-too-large', '文件太大了。请剪短一些再传。')
  }
  for (const file of files) {
    ids.push(await sendOne(file, trackKey, null, (sent) => say(`已传 ${Math.floor(((before + sent) / Math.max(1, total)) * 100)}%`), say))
    before += file.size
  }
  return ids
}

// Goes on with what another phone, or this one before, began: each file is known by its size and its ends.
export async function resume(files: File[], work: Submission, say: (text: string) => void): Promise<void> {
  const waiting = work.uploads ?? []

  for (const file of files) {
    const fingerprint = await fingerprintOf(file)
    const upload = waiting.find((one) => one.fingerprint === fingerprint)

    if (upload === undefined) {
      throw new Problem(0, 'another-file', `“${file.name}”和上次传的不是同一个文件。请选原来那个，或在聊天记录里找“原图”“原视频”。`)
    }
    await sendOne(file, work.track ?? '', `/files/${upload.id}`, (sent) => say(`已传 ${Math.floor((sent / file.size) * 100)}%`), say)
  }
}
