// Figures of the reviewing, and how often and how long works are watched.

import { readItems } from './common'
import { request } from './request'

export interface Figures {
  days: number
  waiting: { stage: string; city: string; track: string; waiting: number; oldest_ms: number }[]
  hours: { hours: number; works: number }[]
  done: number
  done_in_three_days: number
  later: { decisions: number; overturned: number } // of the stages after the first
  sample?: { drawn: number; looked_at: number; overturned: number }
  median_hours: number | null
  people: { name: string; decisions: number; hours: number }[]
  reasons: { code: string; label: string; decisions: number }[]
  cities: { city: string; works: number }[]
}

export interface WatchedWork {
  id: string
  title: string
  city_code: string
  views: number
  seconds: number
}

export interface Watching {
  days: { day: string; views: number; seconds: number }[]
  parts: number[]
}

export const readFigures = (days: number): Promise<Figures> => request('GET', `figures?days=${days}`)

export const readWatched = (): Promise<WatchedWork[]> => readItems('views')

export const readWatching = (work: string): Promise<Watching> => request('GET', `views/${work}`)
