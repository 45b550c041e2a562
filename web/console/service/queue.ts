// The review queue: what waits, who has it open, decisions.

import { query } from './common'
import { request } from './request'
import type { Work } from './work'

export type Action = 'approve' | 'return' | 'decline' | 'escalate' | 'send_back' | 'confirm' | 'take_down'

export interface Filters {
  stage: string
  region: string
  track: string
  flag: string
  waited_hours: string
  q: string // a receipt code, or a piece of the title
  sample: '' | '1' // published works of the province's sample instead
}

export interface Queue {
  items: Work[]
  next: string | null
}

export interface Count {
  stage: string
  mine: boolean
  city: string
  track: string
  waiting: number
  oldest_ms: number
}

export interface BulkResult {
  done: { id: string; decision: string }[]
  skipped: { id: string; code: string; detail: string }[]
}

// What is rare is looked for piece by piece: a page may be empty and not the last one.
export async function readQueue(filters: Filters, after: string): Promise<Queue> {
  let page: Queue = { items: [], next: after }

  do {
    page = await request<Queue>('GET', `queue?${query({ ...filters, after: page.next ?? '' })}`)
  } while (page.items.length === 0 && page.next !== null)
  return page
}

// One of the most pressing that nobody has open, by chance; none is undefined.
export const readAnother = (filters: Filters): Promise<Work | undefined> => request('GET', `queue/next?${query({ ...filters })}`)

// `samples`: works that wait in the province's sample; 0 for others
export const readCounts = (): Promise<{ items: Count[]; samples: number }> => request('GET', 'queue/counts')

export const hold = (id: string, takeOver = false): Promise<unknown> =>
  request('POST', `queue/${id}/lease`, { take_over: takeOver })

export const letGo = (id: string): Promise<void> => request('DELETE', `queue/${id}/lease`)

// viewedMs: how long the clip was played, for the ledger
export const decide = (
  work: Work, action: Action, reasons: string[], note: string, viewedMs: number,
): Promise<{ decision: string }> =>
  request('POST', `queue/${work.id}/decision`, { action, reasons, note, viewed_ms: Math.round(viewedMs) },
    { 'If-Match': `"${work.version}"` })

export const decideMany = (works: Work[], action: Action, reasons: string[], note: string): Promise<BulkResult> =>
  request('POST', 'queue/bulk', { items: works.map(({ id, version }) => ({ id, version })), action, reasons, note })

export const undoDecision = (decision: string): Promise<void> => request('DELETE', `decisions/${decision}`)
