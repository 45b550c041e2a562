// The cities' weeks and what happens in them.

import { query } from './common'
import { request } from './request'

export interface Week {
  city_code: string
  city_name: string
  first_day: string
  last_day: string
  words: string
  contact: string
}

export interface Activity {
  id: string
  day: string
  starts: string
  ends: string
  title: string
  place: string
  words: string
  is_highlight: boolean
}

export interface Programme {
  weeks: Week[]
  activities: Activity[]
}

export const readProgramme = (region: string): Promise<Programme> => request('GET', `programme?${query({ region })}`)

export const setWeek = (region: string, week: Omit<Week, 'city_code' | 'city_name'>): Promise<void> =>
  request('PUT', `programme/${region}/week`, week)

export const addActivity = (region: string, activity: Omit<Activity, 'id'>): Promise<Activity> =>
  request('POST', `programme/${region}/activities`, activity)

export const changeActivity = (id: string, activity: Omit<Activity, 'id'>): Promise<Activity> =>
  request('PUT', `activities/${id}`, activity)

export const removeActivity = (id: string): Promise<void> => request('DELETE', `activities/${id}`)
