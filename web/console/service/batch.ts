// Many works at once, by a table.

import { readItems } from './common'
import { request } from './request'

export interface BatchRow {
  line: number
  title: string
  files: string
  track: string
  status: 'good' | 'created' | 'existing' | 'failed'
  code?: string
  pin?: string
  reason?: { code: string; text: string }
  file?: string | null // one that was not picked
}

export const sendBatch = (csv: string, files: Record<string, string>, check: boolean): Promise<{ items: BatchRow[]; created: number }> =>
  request('POST', 'batches', { csv, files, check })

export const readBatchWorks = (): Promise<{ code: string; title: string; status_text: string }[]> => readItems('batches/works')
