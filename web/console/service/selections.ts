// Selections: recommending, the draw, the list, its notice period and objections.

import { readItems } from './common'
import { request } from './request'

export interface SelectionRow {
  id: string
  name: string
  track: string
  region: string
  state: string
  quota: number
  judges_each: number
  places: number
  is_levelled: boolean
  seed: string // '' before the draw
  notice_starts_ms: number
  notice_ends_ms: number
  is_mine: boolean // in charge of it, not only taking part
}

export interface Criterion {
  name: string
  weight: number // percent
}

export interface Judge {
  id: string
  name: string
  role: string
  scope: string
}

export interface SelectionEntry {
  work: string
  title: string // '' once it is gone
  source: string
  region: string
  place: number
  score: number // 1/100,000 point
  is_listed: boolean
  is_selected: boolean
  is_there: boolean
  number?: number
  tasks?: number
  scored?: number
}

export interface Selection extends SelectionRow {
  criteria: Criterion[]
  quotas: Record<string, number>
  entries: SelectionEntry[]
  judges?: Judge[]
  objections?: { id: string; work: string | null; title: string; text: string; contact: string; state: string; answer: string; made_ms: number }[]
}

export interface SelectionForm {
  name: string
  track: string
  region: string
  quota: number
  judges_each: number
  places: number
  is_levelled: boolean
  criteria: Criterion[]
  quotas: Record<string, number>
  judges: string[]
}

export const readSelections = (): Promise<SelectionRow[]> => readItems('selections')

export const readSelection = (id: string): Promise<Selection> => request('GET', `selections/${id}`)

export const addSelection = async (form: SelectionForm): Promise<string> =>
  (await request<{ id: string }>('POST', 'selections', form)).id

export const changeSelection = (id: string, form: SelectionForm): Promise<void> => request('PUT', `selections/${id}`, form)

export const stepSelection = (id: string, step: string, days?: number): Promise<void> =>
  request('POST', `selections/${id}/steps`, days === undefined ? { step } : { step, days })

export const releaseJudge = (id: string, judge: string): Promise<void> => request('DELETE', `selections/${id}/judges/${judge}`)

export const recommend = (id: string, work: string): Promise<void> => request('PUT', `selections/${id}/entries/${work}`)

export const recommendNot = (id: string, work: string): Promise<void> => request('DELETE', `selections/${id}/entries/${work}`)

export const answerObjection = (id: string, answer: string, removes: boolean): Promise<void> =>
  request('POST', `objections/${id}/answer`, { answer, removes })

export const readJudges = (): Promise<Judge[]> => readItems('judges')
