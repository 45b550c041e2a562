// The ledger: its records, and whether the chain is whole.

import { query } from './common'
import { request } from './request'

export interface LedgerRecord {
  seq: number
  at_ms: number
  actor: string
  actor_name?: string
  role: string
  action: string
  action_text?: string
  why?: string
  before_text?: string
  after_text?: string
  object: string
  detail?: { action?: string; note?: string; reasons?: string[]; content?: string; viewed_ms?: number }
  before: string
  after: string
}

export const readLedger = (work: string, after: string): Promise<{ items: LedgerRecord[]; next: number | null }> =>
  request('GET', `ledger?${query({ work, after })}`)

export const verifyLedger = (): Promise<{ whole: boolean; records: number; first_bad: number | null; fault?: string; anchors?: number }> =>
  request('POST', 'ledger/verify')
