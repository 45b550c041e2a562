// What the console asks the service for, and the shapes that come back.

import { request, setCsrf } from '../public/lib/api'

export interface Me {
  name: string
  role: 'reviewer' | 'organiser' | 'administrator' | 'unit' | 'auditor'
  scope: string
  csrf: string
  otp?: boolean // one-time codes are in use
  otp_setup?: boolean // and have to be set up before anything else
  undo_seconds?: number
  lease_seconds?: number
}

export interface Decision {
  at_ms: number
  actor: string
  stage: string
  action: string
  reasons: string[]
  note: string
}

export interface Work {
  id: string
  code: string
  title: string
  words: string
  track: string
  track_name?: string
  region: string
  region_name?: string
  city_name?: string
  revision: number
  version: number
  stage?: string
  duration_ms: number
  width: number
  height: number
  flags: string[]
  poster: string | null
  storyboard_vtt?: string | null
  storyboard: string | null
  contact_sheet: string | null
  review_mp4: string | null
  photos?: { position: number; caption: string; src: string; width: number; height: number }[]
  checks: { level: 'ok' | 'warn' | 'info'; text: string }[]
  history: Decision[]
  actions: string[]
  waiting_since_ms?: number
  contact?: { name: string; phone: string }
  remarks?: Remark[]
  holder?: { name: string; me: boolean }
  duplicates?: Duplicate[]
  ai?: boolean
}

// Advice: a work with the same file, alike pictures or alike sound. `work` only where this person may see it.
export interface Duplicate {
  code: string
  kind: 'exact' | 'near' | 'sound'
  score: number // percent
  city_name: string
  state: string
  work?: Pick<Work, 'id' | 'title' | 'words' | 'duration_ms' | 'width' | 'height' | 'poster' | 'photos' | 'contact_sheet' |
    'region_name' | 'track_name' | 'waiting_since_ms'>
}

export interface Filters {
  stage: string
  region: string
  track: string
  flag: string
}

export interface Queue {
  items: Work[]
  next: string | null
}

export interface Remark {
  id: string
  kind: 'note' | 'message'
  author: string
  position_ms: number | null
  text: string
  made_ms: number
}

export interface Count {
  stage: string
  mine: boolean
  city: string
  track: string
  waiting: number
  oldest_ms: number
}

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
}

export interface Machines {
  workers: { name: string; version: string; sandbox: string; token: string; seen_ms: number; running: number }[]
  tokens: { id: string; name: string; created_ms: number; revoked_ms: number | null }[]
  nodes: { id: string; version: string }[]
}

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

export interface EntryLink {
  id: string
  url: string
  region_name: string
  name: string
  visits: number
  works: number
  revoked_ms: number | null
}

export interface BatchRow {
  line: number
  title: string
  files: string
  status: 'good' | 'created' | 'existing' | 'failed'
  code?: string
  pin?: string
  reason?: { code: string; text: string }
  file?: string | null // one that was not picked
}

export interface Session {
  id: string
  created_ms: number
  seen_ms: number
  peer: string
  current: boolean
}

export interface BulkResult {
  done: { id: string; decision: string }[]
  skipped: { id: string; code: string; detail: string }[]
}

export interface Reason {
  code: string
  label: string
  detail: string
  action: 'return' | 'decline'
}

export type People = Record<'first' | 'second' | 'final', number>

export interface Policies {
  stages: { name: keyof People; level: string }[]
  start: People // of the configuration
  items: { region: string; people: People }[]
}

export interface Word {
  word: string
  why: string
}

export interface Figures {
  days: number
  waiting: { stage: string; city: string; track: string; waiting: number; oldest_ms: number }[]
  hours: { hours: number; works: number }[]
  done: number
  done_in_three_days: number
  median_hours: number | null
  people: { name: string; decisions: number; hours: number }[]
  reasons: { code: string; label: string; decisions: number }[]
  cities: { city: string; works: number }[]
}

export interface LedgerRecord {
  seq: number
  at_ms: number
  actor: string
  role: string
  action: string
  object: string
  before: string
  after: string
}

export interface Person {
  id: string
  username: string
  name: string
  role: string
  scope: string
  stages: string[]
  active: boolean
  otp?: boolean
}

export type Action = 'approve' | 'return' | 'decline' | 'escalate'

export const ACTION_NAMES: Record<string, string> = {
  approve: '通过', return: '退回', decline: '不予采用', escalate: '上报',
}
export const STATE_NAMES: Record<string, string> = {
  uploading: '还在上传', received: '已收到', processing: '正在处理', in_review: '在审', approved: '已通过', published: '已发布',
  returned: '已退回', declined: '未采用', withdrawn: '已撤回', taken_down: '已下架', failed: '没处理成',
}
export const STAGE_NAMES: Record<string, string> = { first: '初审', second: '复审', final: '终审' }
export const ROLE_NAMES: Record<string, string> = {
  reviewer: '审核员', organiser: '组织者', administrator: '管理员', unit: '机构', auditor: '审计员',
}

function query(values: Record<string, string>): string {
  return new URLSearchParams(Object.entries(values).filter(([, value]) => value !== '')).toString()
}

function remember(me: Me): Me {
  setCsrf(me.csrf)
  return me
}

export const signIn = async (username: string, password: string, otp: string): Promise<Me> =>
  remember(await request<Me>('POST', 'login', otp === '' ? { username, password } : { username, password, otp }))

export const whoAmI = async (): Promise<Me> => remember(await request<Me>('GET', 'me'))

export const signOut = (): Promise<void> => request('POST', 'logout')

export const readQueue = (filters: Filters, after: string): Promise<Queue> =>
  request('GET', `queue?${query({ ...filters, after })}`)

export const hold = (id: string, takeOver = false): Promise<unknown> =>
  request('POST', `queue/${id}/lease`, { take_over: takeOver })

export const letGo = (id: string): Promise<void> => request('DELETE', `queue/${id}/lease`)

// viewedMs: how long the clip was played, for the ledger
export const decide = (
  work: Work, action: Action, reasons: string[], note: string, viewedMs: number,
): Promise<{ decision: string }> =>
  request('POST', `queue/${work.id}/decision`, { action, reasons, note, viewed_ms: Math.round(viewedMs) },
    { 'If-Match': `"${work.version}"` })

export const decideMany = (works: Work[], action: Action, reasons: string[], note: string): Promise<BulkResult> =>
  request('POST', 'queue/bulk', { items: works.map(({ id, version }) => ({ id, version })), action, reasons, note })

export const openContact = (id: string): Promise<{ name: string | null; phone: string | null }> =>
  request('POST', `queue/${id}/contact`)

export const undoDecision = (decision: string): Promise<void> => request('DELETE', `decisions/${decision}`)

export const readWork = (id: string): Promise<Work> => request('GET', `queue/${id}`)

export const readCounts = async (): Promise<Count[]> => (await request<{ items: Count[] }>('GET', 'queue/counts')).items

export const addRemark = (id: string, kind: string, text: string, position: number | null): Promise<void> =>
  request('POST', `queue/${id}/remarks`, position === null ? { kind, text } : { kind, text, position_ms: position })

export const readReports = async (): Promise<Report[]> => (await request<{ items: Report[] }>('GET', 'reports')).items

export const keepWork = (work: string): Promise<void> => request('DELETE', `works/${work}/reports`)

export const takeDown = (work: string, reason: string): Promise<void> =>
  request('POST', `works/${work}/take-down`, { reason })

export const readMachines = (): Promise<Machines> => request('GET', 'workers')

export const addMachine = (name: string): Promise<{ name: string; token: string }> => request('POST', 'workers', { name })

export const removeMachine = (id: string): Promise<void> => request('DELETE', `workers/${id}`)

export const readEmbedSites = (): Promise<EmbedSites> => request('GET', 'embed-sites')

export const addEmbedSite = (name: string, origins: string[]): Promise<EmbedSite> => request('POST', 'embed-sites', { name, origins })

export const revokeEmbedSite = (id: string): Promise<void> => request('DELETE', `embed-sites/${id}`)

export const readEntryLinks = async (): Promise<EntryLink[]> => (await request<{ items: EntryLink[] }>('GET', 'entry-links')).items

export const addEntryLink = (region: string, name: string): Promise<EntryLink> => request('POST', 'entry-links', { region, name })

export const removeEntryLink = (id: string): Promise<void> => request('DELETE', `entry-links/${id}`)

export const sendBatch = (csv: string, files: Record<string, string>, check: boolean): Promise<{ items: BatchRow[]; created: number }> =>
  request('POST', 'batches', { csv, files, check })

export const readBatchWorks = async (): Promise<{ code: string; title: string; status_text: string }[]> =>
  (await request<{ items: { code: string; title: string; status_text: string }[] }>('GET', 'batches/works')).items

export const readReasons = async (): Promise<Reason[]> => (await request<{ items: Reason[] }>('GET', 'reasons')).items

export const readFigures = (days: number): Promise<Figures> => request('GET', `figures?days=${days}`)

export const setReasons = (items: Reason[]): Promise<void> => request('PUT', 'reasons', { items })

export const readPolicies = (): Promise<Policies> => request('GET', 'policies')

export const setPolicy = (region: string, people: People): Promise<void> => request('PUT', `policies/${region}`, people)

export const removePolicy = (region: string): Promise<void> => request('DELETE', `policies/${region}`)

export const readWords = (): Promise<{ items: Word[]; fixed: Word[] }> => request('GET', 'words')

export const setWords = (items: Word[]): Promise<void> => request('PUT', 'words', { items })

export const readLedger = (work: string, after: string): Promise<{ items: LedgerRecord[]; next: number | null }> =>
  request('GET', `ledger?${query({ work, after })}`)

export const verifyLedger = (): Promise<{ whole: boolean; records: number; first_bad: number | null; fault?: string; anchors?: number }> =>
  request('POST', 'ledger/verify')

export const readStaff = async (): Promise<Person[]> => (await request<{ items: Person[] }>('GET', 'staff')).items

export const addStaff = (person: object): Promise<{ username: string; invitation?: string | null }> =>
  request('POST', 'staff', person)

export const switchStaff = (id: string, active: boolean): Promise<void> => request('PATCH', `staff/${id}`, { active })

export const invite = (id: string): Promise<{ url: string }> => request('POST', `staff/${id}/invitation`)

export const resetOtp = (id: string): Promise<void> => request('DELETE', `staff/${id}/otp`)

export const endSessions = (id: string): Promise<void> => request('DELETE', `staff/${id}/sessions`)

export const confirmSelf = (password: string, otp: string): Promise<void> =>
  request('POST', 'me/confirm', otp === '' ? { password } : { password, otp })

export const beginOtp = (): Promise<{ secret: string; uri: string }> => request('POST', 'me/otp')

export const confirmOtp = async (code: string): Promise<string[]> =>
  (await request<{ recovery_codes: string[] }>('POST', 'me/otp/confirm', { code })).recovery_codes

export const readSessions = async (): Promise<Session[]> =>
  (await request<{ items: Session[] }>('GET', 'me/sessions')).items

export const endSession = (id: string): Promise<void> => request('DELETE', `me/sessions/${id}`)

export const acceptInvitation = async (token: string, password: string): Promise<string> =>
  (await request<{ username: string }>('POST', 'invitations', { token, password })).username
