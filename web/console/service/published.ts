// Published works: found, and taken down.

import { query, readItems } from './common'
import { request } from './request'

export interface FoundWork {
  id: string
  title: string
  city_name: string
  published_at: string
}

export interface Candidate {
  id: string
  title: string
  region_name: string
  city_name: string
  url: string
}

// Of a region, or ('') of all.
export const findWorks = (q: string, region = ''): Promise<FoundWork[]> => readItems(`works?${query({ q, region })}`)

// Of a place, newest first; what may be recommended.
export const readCandidates = (region: string, track: string): Promise<Candidate[]> =>
  readItems(`works?${query({ region, track, limit: '100' })}`)

export const takeDown = (work: string, reason: string): Promise<void> =>
  request('POST', `works/${work}/take-down`, { reason })
