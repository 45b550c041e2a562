// The machines that transcode, and their tokens.

import { request } from './request'

export interface Machines {
  workers: { name: string; version: string; sandbox: string; token: string; seen_ms: number; running: number }[]
  tokens: { id: string; name: string; created_ms: number; revoked_ms: number | null }[]
  nodes: { id: string; version: string; sandbox: string }[]
}

export const readMachines = (): Promise<Machines> => request('GET', 'workers')

export const addMachine = (name: string): Promise<{ name: string; token: string }> => request('POST', 'workers', { name })

export const removeMachine = (id: string): Promise<void> => request('DELETE', `workers/${id}`)
