// The cities' attachments 3 and 4.

import { readItems } from './common'
import { request } from './request'

export interface AnnexActivity {
  name: string
  intro: string
  time: string
  effect: string
}

// One city's attachment 3 or 4; `form` null until it was filled. The numbers of attachment 4 stand beside the texts.
export interface Annex {
  region: string
  name: string
  filled_ms: number
  stamped_ms: number // 0: the printed form has not come back with its seal
  form: ({ unit?: string; contact: string; phone: string; source?: string; activities?: AnnexActivity[] } & Record<string, unknown>) | null
  known: { works: number; counties: number; counties_all: number }
}

export const readAnnexes = (number: number): Promise<Annex[]> => readItems(`annexes/${number}`)

export const setAnnex = (number: number, region: string, form: object): Promise<void> =>
  request('PUT', `annexes/${number}/${region}`, form)

// The printed form with its seal.
export const sendScan = (number: number, region: string, file: File): Promise<void> =>
  request('PUT', `annexes/${number}/${region}/scan`, file)
