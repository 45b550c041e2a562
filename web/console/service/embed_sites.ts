// Other sites that show works in frames.

import { request } from './request'

export interface EmbedSite {
  id: string
  name: string
  origins: string[]
  key: string
  created_ms: number
  revoked_ms: number | null
  frames: number
}

export interface EmbedSites {
  items: EmbedSite[]
  others: { host: string; frames: number }[] // without a key, by host
  open: boolean // everybody may
}

export const readEmbedSites = (): Promise<EmbedSites> => request('GET', 'embed-sites')

export const addEmbedSite = (name: string, origins: string[]): Promise<EmbedSite> =>
  request('POST', 'embed-sites', { name, origins })

export const revokeEmbedSite = (id: string): Promise<void> => request('DELETE', `embed-sites/${id}`)
