// The edition's rules: reasons, who approves at which stage, words to look at twice.

import { readItems } from './common'
import { request } from './request'

export interface Reason {
  code: string
  label: string
  detail: string
  action: 'return' | 'decline'
}

export type People = Record<'first' | 'second' | 'final', number>

export type Policy = People & { sample_percent: number }

export interface Policies {
  stages: { name: keyof People; level: string }[]
  start: Policy // of the configuration
  items: { region: string; people: Policy }[]
}

export interface Word {
  word: string
  why: string
}

export const readReasons = (): Promise<Reason[]> => readItems('reasons')

export const setReasons = (items: Reason[]): Promise<void> => request('PUT', 'reasons', { items })

export const readPolicies = (): Promise<Policies> => request('GET', 'policies')

export const setPolicy = (region: string, people: Policy): Promise<void> => request('PUT', `policies/${region}`, people)

export const removePolicy = (region: string): Promise<void> => request('DELETE', `policies/${region}`)

export const readWords = (): Promise<{ items: Word[]; fixed: Word[] }> => request('GET', 'words')

export const setWords = (items: Word[]): Promise<void> => request('PUT', 'words', { items })
