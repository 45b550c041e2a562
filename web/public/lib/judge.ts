// What the page refuses before a byte is sent, by the service's own table of rules.

import type { Track } from './api'
import { bytesText, secondsText } from './words'

export type Kind = 'video' | 'photo'

// The button that was pressed counts where the phone does not say what a file is.
export function kindOf(file: File, hint: string): Kind | null {
  if (file.type.startsWith('video/') || /\.(mp4|mov|m4v|3gp|mkv|avi|webm)$/i.test(file.name)) {
    return 'video'
  }
  if (file.type.startsWith('image/') || /\.(jpe?g|png|heic|heif|webp)$/i.test(file.name)) {
    return 'photo'
  }
  const isUnsaid = file.type === '' || file.type === 'application/octet-stream'

  return isUnsaid && (hint === 'video' || hint === 'photo') ? hint : null
}

export function refusal(file: File, kind: Kind | null, track: Track | undefined): string {
  if (kind === null) {
    return '这个文件不是视频或照片，请从相册里重新选择。'
  }
  if (track === undefined) {
    return kind === 'photo' ? '现在不收照片，请选一段视频。' : '现在不收视频，请选照片。'
  }
  if (file.size === 0) {
    return '文件是空的。如果它还在云相册里，请先下载到手机再传。'
  }
  if (file.size > track.max_bytes) {
    return `这个文件有 ${bytesText(file.size)}，最大 ${bytesText(track.max_bytes)}。请在手机相册里剪短一些再传。`
  }
  return ''
}

export function lengthRefusal(seconds: number, track: Track): string {
  if (seconds > 0 && track.max_seconds > 0 && seconds > track.max_seconds + 1) {
    return `视频有 ${secondsText(seconds)}，最长 ${secondsText(track.max_seconds)}。请在手机相册里剪短再传。`
  }
  if (seconds > 0 && seconds < track.min_seconds) {
    return `视频只有 ${secondsText(seconds)}，请至少拍 ${secondsText(track.min_seconds)}。`
  }
  return ''
}
