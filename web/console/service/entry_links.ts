// Links and QR codes by which works come in.

import { readItems } from './common'
import { request } from './request'

export interface EntryLink {
  id: string
  url: string
  region_name: string
  name: string
  track_name: string
  visits: number
  works: number
  revoked_ms: number | null
}

export const readEntryLinks = (): Promise<EntryLink[]> => readItems('entry-links')

export const addEntryLink = (link: { region: string; name: string; track: string }): Promise<EntryLink> =>
  request('POST', 'entry-links', link)

export const removeEntryLink = (id: string): Promise<void> => request('DELETE', `entry-links/${id}`)
