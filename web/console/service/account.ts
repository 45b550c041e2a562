// Who is signed in: sessions, one-time codes, invitations.

import { setCsrf } from '../../public/lib/api'
import { readItems } from './common'
import { request } from './request'

export interface Me {
  name: string
  role: 'reviewer' | 'organiser' | 'administrator' | 'unit' | 'auditor'
  scope: string
  csrf: string
  otp?: boolean // one-time codes are in use
  phone?: string // masked; '' for none
  by_provider?: boolean // signed in by the identity provider
  otp_setup?: boolean // and have to be set up before anything else
  undo_seconds?: number
  lease_seconds?: number
}

export interface Session {
  id: string
  created_ms: number
  seen_ms: number
  peer: string
  current: boolean
}

function remember(me: Me): Me {
  setCsrf(me.csrf)
  return me
}

export const signIn = async (username: string, password: string, otp: string): Promise<Me> =>
  remember(await request<Me>('POST', 'login', otp === '' ? { username, password } : { username, password, otp }))

export const whoAmI = async (): Promise<Me> => remember(await request<Me>('GET', 'me'))

export const signOut = (): Promise<void> => request('POST', 'logout')

export const confirmSelf = (password: string, otp: string): Promise<void> =>
  request('POST', 'me/confirm', otp === '' ? { password } : { password, otp })

export const beginOtp = (): Promise<{ secret: string; uri: string }> => request('POST', 'me/otp')

export const confirmOtp = async (code: string): Promise<string[]> =>
  (await request<{ recovery_codes: string[] }>('POST', 'me/otp/confirm', { code })).recovery_codes

export const setPhone = (phone: string): Promise<void> => request('PUT', 'me/phone', { phone })

export const readSessions = (): Promise<Session[]> => readItems('me/sessions')

export const endSession = (id: string): Promise<void> => request('DELETE', `me/sessions/${id}`)

export const acceptInvitation = async (token: string, password: string): Promise<string> =>
  (await request<{ username: string }>('POST', 'invitations', { token, password })).username
