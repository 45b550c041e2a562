// Visitors' reports of works.

import { readItems } from './common'
import { request } from './request'

export interface Report {
  id: string
  work: string
  title: string
  region: string
  reason: string
  text: string
  contact: string
  made_ms: number
  reports: number
  priority: number // of the work
}

export const readReports = (): Promise<Report[]> => readItems('reports')

export const keepWork = (work: string): Promise<void> => request('DELETE', `works/${work}/reports`)
