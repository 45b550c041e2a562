// Subtitles of a work; what its submitter sent waits for a look.

import { readItems } from './common'
import { request } from './request'

export interface Subtitle {
  name: string // "3-zh": of the third file
  position: number
  language: string
  digest: string
  is_approved: boolean
  changed_ms: number
}

export interface WaitingSubtitle {
  id: string
  title: string
  region: string
  position: number
  language: string
  changed_ms: number
}

export const readWaitingSubtitles = (): Promise<WaitingSubtitle[]> => readItems('subtitles')

// `clips`: positions of the clips that may have some.
export const readSubtitles = (work: string): Promise<{ items: Subtitle[]; clips: number[] }> =>
  request('GET', `queue/${work}/subtitles`)

export const readSubtitle = async (work: string, name: string): Promise<string> =>
  (await request<{ vtt: string }>('GET', `queue/${work}/subtitles/${name}`)).vtt

export const setSubtitle = (work: string, name: string, vtt: string): Promise<void> =>
  request('PUT', `queue/${work}/subtitles/${name}`, { vtt })

export const approveSubtitle = (work: string, name: string, digest: string): Promise<void> =>
  request('PUT', `queue/${work}/subtitles/${name}`, { approve: digest })

export const removeSubtitle = (work: string, name: string): Promise<void> => request('DELETE', `queue/${work}/subtitles/${name}`)
