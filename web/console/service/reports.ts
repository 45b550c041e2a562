// Visitors' reports of works.

import { request } from '../../public/lib/api'
import { readItems } from './common'

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
