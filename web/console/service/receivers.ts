// Other systems that hear of published works (webhooks).

import { request } from './request'

// Called at its address, or (null) asking by itself.
export interface Receiver {
  id: string
  name: string
  url: string | null
  kinds: string[]
  created_ms: number
  revoked_ms: number | null
  waiting: number
  given_up: number
  last_outcome: string
}

export interface Receivers {
  items: Receiver[]
  kinds: string[]
}

export const readReceivers = (): Promise<Receivers> => request('GET', 'webhooks')

export const addReceiver = (receiver: { name: string; url: string | null; kinds: string[] }): Promise<Receiver & { secret?: string; token?: string }> =>
  request('POST', 'webhooks', receiver)

export const revokeReceiver = (id: string): Promise<void> => request('DELETE', `webhooks/${id}`)

export const tryReceiver = (id: string): Promise<{ delivered: boolean; outcome: string }> =>
  request('POST', `webhooks/${id}/test`)
