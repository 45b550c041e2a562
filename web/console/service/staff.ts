// The people who work here, as an administrator sees them.

import { readItems } from './common'
import { request } from './request'

export interface Person {
  id: string
  username: string
  name: string
  role: string
  scope: string
  stages: string[]
  active: boolean
  otp?: boolean
  phone: string // masked; '' for none
  unit: string
  recusals: string[]
}

export const readStaff = (): Promise<Person[]> => readItems('staff')

export const addStaff = (person: object): Promise<{ username: string; invitation?: string | null }> =>
  request('POST', 'staff', person)

export const switchStaff = (id: string, active: boolean): Promise<void> => request('PATCH', `staff/${id}`, { active })

// What is not named stays; another unit or recusal ends the person's logins.
export const changeStaff = (id: string, change: { unit?: string; recusals?: string[]; phone?: string }): Promise<void> =>
  request('PATCH', `staff/${id}`, change)

export const invite = (id: string): Promise<{ url: string }> => request('POST', `staff/${id}/invitation`)

export const resetOtp = (id: string): Promise<void> => request('DELETE', `staff/${id}/otp`)

// A name at the identity provider; '' ends it.
export const setIdentity = (id: string, username: string): Promise<void> =>
  username === '' ? request('DELETE', `staff/${id}/identity`) : request('PUT', `staff/${id}/identity`, { username })

export const endSessions = (id: string): Promise<void> => request('DELETE', `staff/${id}/sessions`)
