// What a judge gives points for.

import { readItems } from './common'
import { request } from './request'
import type { Criterion } from './selections'

export interface JudgingTask {
  number: number
  title: string
  state: 'open' | 'scored'
  points: number[]
  note: string
  duration_ms: number
  poster?: string
  clips: string[]
  photos: string[]
}

export interface JudgingRound {
  id: string
  name: string
  track: string
  criteria: Criterion[]
  tasks: JudgingTask[]
}

export const readJudging = (): Promise<JudgingRound[]> => readItems('judging')

export const score = (round: string, number: number, points: number[], note: string): Promise<void> =>
  request('PUT', `judging/${round}/${number}`, { points, note })

export const standAside = (round: string, number: number): Promise<void> => request('DELETE', `judging/${round}/${number}`)
