// One work, as who reviews it sees it, and what may be mended on it.

import { request } from './request'

export interface Decision {
  at_ms: number
  actor: string
  stage: string
  action: string
  reasons: string[]
  note: string
  why: string // labels of the reasons, then the note
  state: 'pending' | 'effective' | 'cancelled' | 'void'
  revision: number
}

// What the submitter agreed to.
export interface Consent {
  kind: 'licence' | 'guardian'
  version: string
  scopes: string[]
}

export interface Clip {
  position?: number
  caption?: string
  duration_ms: number
  storyboard: string | null
  storyboard_vtt?: string | null
  contact_sheet: string | null
  review_mp4: string | null
  poster?: string | null
}

export interface Cover {
  clips: number[]
  moments: Record<string, number> // position -> ms, where one was chosen
  pending: boolean // the picture is not made yet
}

export interface Work {
  id: string
  code: string
  title: string
  words: string
  track: string
  track_name?: string
  region: string
  region_name?: string
  city_name?: string
  unit?: string
  revision: number
  version: number
  stage?: string
  duration_ms: number
  width: number
  height: number
  flags: string[]
  poster: string | null
  thumbnail?: string | null // small; clips alone have one
  storyboard_vtt?: string | null
  storyboard: string | null
  contact_sheet: string | null
  review_mp4: string | null
  photos?: { position: number; caption: string; src: string; width: number; height: number }[]
  clips?: Clip[] // where the work has several files
  cover?: Cover | null // null: no clip
  checks: { level: 'ok' | 'warn' | 'info'; text: string }[]
  history: Decision[]
  consents?: Consent[]
  actions: string[]
  waiting_since_ms?: number
  contact?: { name: string; phone: string }
  remarks?: Remark[]
  holder?: { name: string; me: boolean }
  duplicates?: Duplicate[]
  ai?: boolean
}

// Advice: a work with the same file, alike pictures or alike sound. `work` only where this person may see it.
export interface Duplicate {
  code: string
  kind: 'exact' | 'near' | 'sound'
  score: number // percent
  city_name: string
  state: string
  work?: Pick<Work, 'id' | 'title' | 'words' | 'duration_ms' | 'width' | 'height' | 'poster' | 'photos' | 'contact_sheet' |
    'region_name' | 'track_name' | 'waiting_since_ms'>
}

export interface Remark {
  id: string
  kind: 'note' | 'message'
  author: string
  position_ms: number | null
  text: string
  made_ms: number
}

export const readWork = (id: string): Promise<Work> => request('GET', `queue/${id}`)

export const openContact = (id: string): Promise<{ name: string | null; phone: string | null }> =>
  request('POST', `queue/${id}/contact`)

export const putCover = (work: Pick<Work, 'id' | 'version'>, ms: number, position: number): Promise<void> =>
  request('PUT', `queue/${work.id}/cover`, { cover_ms: ms, position }, { 'If-Match': `"${work.version}"` })

export const putTexts = (work: Pick<Work, 'id' | 'version'>, title: string, words: string): Promise<void> =>
  request('PATCH', `queue/${work.id}`, { title, words }, { 'If-Match': `"${work.version}"` })

export const addRemark = (id: string, kind: string, text: string, position: number | null): Promise<void> =>
  request('POST', `queue/${id}/remarks`, position === null ? { kind, text } : { kind, text, position_ms: position })
