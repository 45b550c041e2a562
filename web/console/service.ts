// What the console asks the service for, and the shapes that come back.

import { problemOf, setCsrf } from '../public/lib/api'
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

export interface Decision {
  at_ms: number
  actor: string
  stage: string
  action: string
  reasons: string[]
  note: string
  why: string // labels of the reasons, then the note
  state: 'pending' | 'effective' | 'cancelled' | 'void'
  revision: number
}

// What the submitter agreed to.
export interface Consent {
  kind: 'licence' | 'guardian'
  version: string
  scopes: string[]
}

export interface Clip {
  position?: number
  caption?: string
  duration_ms: number
  storyboard: string | null
  storyboard_vtt?: string | null
  contact_sheet: string | null
  review_mp4: string | null
  poster?: string | null
}

export interface Cover {
  clips: number[]
  moments: Record<string, number> // position -> ms, where one was chosen
  pending: boolean // the picture is not made yet
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
  unit?: string
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
  clips?: Clip[] // where the work has several files
  cover?: Cover | null // null: no clip
  checks: { level: 'ok' | 'warn' | 'info'; text: string }[]
  history: Decision[]
  consents?: Consent[]
  actions: string[]
  waiting_since_ms?: number
  contact?: { name: string; phone: string }
  remarks?: Remark[]
  holder?: { name: string; me: boolean }
  duplicates?: Duplicate[]
  ai?: boolean
}

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

export interface CollectionTexts {
  title: string
  words: string
  is_featured: boolean
  is_public: boolean
}

export interface Collection extends CollectionTexts {
  id: string
  works: number
  url: string
}

export interface ChosenWork {
  id: string
  title: string
  state: string
}

// A system that hears of published works: called at its address, or asking by itself.
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
  waited_hours: string
  q: string // a receipt code, or a piece of the title
  sample: '' | '1' // published works of the province's sample instead
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

export interface FoundWork {
  id: string
  title: string
  city_name: string
  published_at: string
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
  priority: number // of the work
}

export interface Machines {
  workers: { name: string; version: string; sandbox: string; token: string; seen_ms: number; running: number }[]
  tokens: { id: string; name: string; created_ms: number; revoked_ms: number | null }[]
  nodes: { id: string; version: string; sandbox: string }[]
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
  track_name: string
  visits: number
  works: number
  revoked_ms: number | null
}

export interface BatchRow {
  line: number
  title: string
  files: string
  track: string
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
export type Policy = People & { sample_percent: number }

export interface Policies {
  stages: { name: keyof People; level: string }[]
  start: Policy // of the configuration
  items: { region: string; people: Policy }[]
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
  later: { decisions: number; overturned: number } // of the stages after the first
  sample?: { drawn: number; looked_at: number; overturned: number }
  median_hours: number | null
  people: { name: string; decisions: number; hours: number }[]
  reasons: { code: string; label: string; decisions: number }[]
  cities: { city: string; works: number }[]
}

export interface SelectionRow {
  id: string
  name: string
  track: string
  region: string
  state: string
  quota: number
  judges_each: number
  places: number
  is_levelled: boolean
  seed: string // '' before the draw
  notice_starts_ms: number
  notice_ends_ms: number
  is_mine: boolean // in charge of it, not only taking part
}

export interface Criterion {
  name: string
  weight: number // percent
}

export interface Judge {
  id: string
  name: string
  role: string
  scope: string
}

export interface SelectionEntry {
  work: string
  title: string // '' once it is gone
  source: string
  region: string
  place: number
  score: number // 1/100,000 point
  is_listed: boolean
  is_selected: boolean
  is_there: boolean
  number?: number
  tasks?: number
  scored?: number
}

export interface Selection extends SelectionRow {
  criteria: Criterion[]
  quotas: Record<string, number>
  entries: SelectionEntry[]
  judges?: Judge[]
  objections?: { id: string; work: string | null; title: string; text: string; contact: string; state: string; answer: string; made_ms: number }[]
}

export interface SelectionForm {
  name: string
  track: string
  region: string
  quota: number
  judges_each: number
  places: number
  is_levelled: boolean
  criteria: Criterion[]
  quotas: Record<string, number>
  judges: string[]
}

export interface JudgingTask {
  number: number
  title: string
  state: 'open' | 'scored'
  points: number[]
  note: string
  duration_ms: number
  poster?: string
  clips: string[]
  photos: string[]
}

export interface JudgingRound {
  id: string
  name: string
  track: string
  criteria: Criterion[]
  tasks: JudgingTask[]
}

export interface AnnexActivity {
  name: string
  intro: string
  time: string
  effect: string
}

// One city's attachment 3 or 4; `form` null until it was filled. The numbers of attachment 4 stand beside the texts.
export interface Annex {
  region: string
  name: string
  filled_ms: number
  stamped_ms: number // 0: the printed form has not come back with its seal
  form: ({ unit?: string; contact: string; phone: string; source?: string; activities?: AnnexActivity[] } & Record<string, unknown>) | null
  known: { works: number; counties: number; counties_all: number }
}

export interface LedgerRecord {
  seq: number
  at_ms: number
  actor: string
  actor_name?: string
  role: string
  action: string
  action_text?: string
  why?: string
  before_text?: string
  after_text?: string
  object: string
  detail?: { action?: string; note?: string; reasons?: string[]; content?: string; viewed_ms?: number }
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
  phone: string // masked; '' for none
  unit: string
  recusals: string[]
}

export type Action = 'approve' | 'return' | 'decline' | 'escalate' | 'send_back' | 'confirm' | 'take_down'

export const ACTION_NAMES: Record<string, string> = {
  approve: '通过', return: '退回', decline: '不予采用', escalate: '上报', send_back: '退回初审', confirm: '通过抽查', take_down: '下架',
}
export const STATE_NAMES: Record<string, string> = {
  draft: '草稿', uploading: '还在上传', received: '已收到', processing: '正在处理', in_review: '在审', approved: '已通过', published: '已发布',
  returned: '已退回', declined: '未采用', withdrawn: '已撤回', taken_down: '已下架', failed: '没处理成',
}
export const USE_NAMES: Record<string, string> = { site: '本站', embed: '其他网站', exhibition: '展厅', media: '媒体' }
export const STAGE_NAMES: Record<string, string> = { first: '初审', second: '复审', final: '终审' }
export const ROLE_NAMES: Record<string, string> = {
  reviewer: '审核员', organiser: '组织者', administrator: '管理员', unit: '机构', auditor: '审计员',
}

export const SELECTION_STATES: Record<string, string> = {
  recommending: '推荐中', judging: '评审中', judged: '已排出名单', notice: '公示中', selected: '已确定', cancelled: '已取消',
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

// What is rare is looked for piece by piece: a page may be empty and not the last one.
export async function readQueue(filters: Filters, after: string): Promise<Queue> {
  let page: Queue = { items: [], next: after }

  do {
    page = await request<Queue>('GET', `queue?${query({ ...filters, after: page.next ?? '' })}`)
  } while (page.items.length === 0 && page.next !== null)
  return page
}

// One of the most pressing that nobody has open, by chance; none is undefined.
export const readAnother = (filters: Filters): Promise<Work | undefined> => request('GET', `queue/next?${query({ ...filters })}`)

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

export const putCover = (work: Pick<Work, 'id' | 'version'>, ms: number, position: number): Promise<void> =>
  request('PUT', `queue/${work.id}/cover`, { cover_ms: ms, position }, { 'If-Match': `"${work.version}"` })

export const putTexts = (work: Pick<Work, 'id' | 'version'>, title: string, words: string): Promise<void> =>
  request('PATCH', `queue/${work.id}`, { title, words }, { 'If-Match': `"${work.version}"` })

export const readWork = (id: string): Promise<Work> => request('GET', `queue/${id}`)

// `samples`: works that wait in the province's sample; 0 for others
export const readCounts = (): Promise<{ items: Count[]; samples: number }> => request('GET', 'queue/counts')

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

export const readProgramme = (region: string): Promise<Programme> => request('GET', `programme?${query({ region })}`)

export const setWeek = (region: string, week: Omit<Week, 'city_code' | 'city_name'>): Promise<void> => request('PUT', `programme/${region}/week`, week)

export const addActivity = (region: string, activity: Omit<Activity, 'id'>): Promise<Activity> => request('POST', `programme/${region}/activities`, activity)

export const changeActivity = (id: string, activity: Omit<Activity, 'id'>): Promise<Activity> => request('PUT', `activities/${id}`, activity)

export const removeActivity = (id: string): Promise<void> => request('DELETE', `activities/${id}`)

export const readCollections = async (): Promise<Collection[]> => (await request<{ items: Collection[] }>('GET', 'editor/collections')).items

export const addCollection = (collection: CollectionTexts): Promise<{ id: string }> => request('POST', 'editor/collections', collection)

export const changeCollection = (id: string, collection: CollectionTexts): Promise<void> => request('PUT', `editor/collections/${id}`, collection)

export const removeCollection = (id: string): Promise<void> => request('DELETE', `editor/collections/${id}`)

export const readCollectionWorks = async (id: string): Promise<ChosenWork[]> => (await request<{ items: ChosenWork[] }>('GET', `editor/collections/${id}/works`)).items

export const setCollectionWorks = (id: string, works: string[]): Promise<void> => request('PUT', `editor/collections/${id}/works`, { works })

// Published ones, of a region or ('') of all.
export const findWorks = async (q: string, region = ''): Promise<FoundWork[]> =>
  (await request<{ items: FoundWork[] }>('GET', `works?${query({ q, region })}`)).items

// Subtitles of a work; what its submitter sent waits for a look.
export interface Subtitle {
  name: string // "3-zh": of the third file
  position: number
  language: string
  digest: string
  is_approved: boolean
  changed_ms: number
}
export interface WaitingSubtitle {
  id: string
  title: string
  region: string
  position: number
  language: string
  changed_ms: number
}
export const readWaitingSubtitles = async (): Promise<WaitingSubtitle[]> => (await request<{ items: WaitingSubtitle[] }>('GET', 'subtitles')).items

// `clips`: positions of the clips that may have some.
export const readSubtitles = (work: string): Promise<{ items: Subtitle[]; clips: number[] }> => request('GET', `queue/${work}/subtitles`)

export const readSubtitle = async (work: string, name: string): Promise<string> => (await request<{ vtt: string }>('GET', `queue/${work}/subtitles/${name}`)).vtt

export const setSubtitle = (work: string, name: string, vtt: string): Promise<void> => request('PUT', `queue/${work}/subtitles/${name}`, { vtt })

export const approveSubtitle = (work: string, name: string, digest: string): Promise<void> => request('PUT', `queue/${work}/subtitles/${name}`, { approve: digest })

export const removeSubtitle = (work: string, name: string): Promise<void> => request('DELETE', `queue/${work}/subtitles/${name}`)

// How often and how long works are watched.
export interface WatchedWork {
  id: string
  title: string
  city_code: string
  views: number
  seconds: number
}
export interface Watching {
  days: { day: string; views: number; seconds: number }[]
  parts: number[]
}
export const readWatched = async (): Promise<WatchedWork[]> => (await request<{ items: WatchedWork[] }>('GET', 'views')).items

export const readWatching = (work: string): Promise<Watching> => request('GET', `views/${work}`)

export const readReceivers = (): Promise<Receivers> => request('GET', 'webhooks')

export const addReceiver = (receiver: { name: string; url: string | null; kinds: string[] }): Promise<Receiver & { secret?: string; token?: string }> =>
  request('POST', 'webhooks', receiver)

export const revokeReceiver = (id: string): Promise<void> => request('DELETE', `webhooks/${id}`)

export const tryReceiver = (id: string): Promise<{ delivered: boolean; outcome: string }> => request('POST', `webhooks/${id}/test`)
export const readEntryLinks = async (): Promise<EntryLink[]> => (await request<{ items: EntryLink[] }>('GET', 'entry-links')).items

export const addEntryLink = (link: { region: string; name: string; track: string }): Promise<EntryLink> => request('POST', 'entry-links', link)

export const removeEntryLink = (id: string): Promise<void> => request('DELETE', `entry-links/${id}`)

export const sendBatch = (csv: string, files: Record<string, string>, check: boolean): Promise<{ items: BatchRow[]; created: number }> =>
  request('POST', 'batches', { csv, files, check })

export const readBatchWorks = async (): Promise<{ code: string; title: string; status_text: string }[]> =>
  (await request<{ items: { code: string; title: string; status_text: string }[] }>('GET', 'batches/works')).items

export const readReasons = async (): Promise<Reason[]> => (await request<{ items: Reason[] }>('GET', 'reasons')).items

export const readFigures = (days: number): Promise<Figures> => request('GET', `figures?days=${days}`)

export const setReasons = (items: Reason[]): Promise<void> => request('PUT', 'reasons', { items })

export const readPolicies = (): Promise<Policies> => request('GET', 'policies')

export const setPolicy = (region: string, people: Policy): Promise<void> => request('PUT', `policies/${region}`, people)

export const removePolicy = (region: string): Promise<void> => request('DELETE', `policies/${region}`)

export const readWords = (): Promise<{ items: Word[]; fixed: Word[] }> => request('GET', 'words')

export const setWords = (items: Word[]): Promise<void> => request('PUT', 'words', { items })

export const readAnnexes = async (number: number): Promise<Annex[]> =>
  (await request<{ items: Annex[] }>('GET', `annexes/${number}`)).items

export const setAnnex = (number: number, region: string, form: object): Promise<void> =>
  request('PUT', `annexes/${number}/${region}`, form)

// The printed form with its seal.
export const sendScan = (number: number, region: string, file: File): Promise<void> =>
  request('PUT', `annexes/${number}/${region}/scan`, file)

export const readSelections = async (): Promise<SelectionRow[]> =>
  (await request<{ items: SelectionRow[] }>('GET', 'selections')).items

export const readSelection = (id: string): Promise<Selection> => request('GET', `selections/${id}`)

export const addSelection = async (form: SelectionForm): Promise<string> =>
  (await request<{ id: string }>('POST', 'selections', form)).id

export const changeSelection = (id: string, form: SelectionForm): Promise<void> => request('PUT', `selections/${id}`, form)

export const stepSelection = (id: string, step: string, days?: number): Promise<void> =>
  request('POST', `selections/${id}/steps`, days === undefined ? { step } : { step, days })

export const releaseJudge = (id: string, judge: string): Promise<void> => request('DELETE', `selections/${id}/judges/${judge}`)

export const recommend = (id: string, work: string): Promise<void> => request('PUT', `selections/${id}/entries/${work}`)

export const recommendNot = (id: string, work: string): Promise<void> => request('DELETE', `selections/${id}/entries/${work}`)

export const answerObjection = (id: string, answer: string, removes: boolean): Promise<void> =>
  request('POST', `objections/${id}/answer`, { answer, removes })

export const readJudges = async (): Promise<Judge[]> => (await request<{ items: Judge[] }>('GET', 'judges')).items

// A file of ours, saved under its name.
export async function download(path: string, name: string): Promise<void> {
  const answer = await fetch(`/api/v1/${path}`)
  if (!answer.ok) {
    throw problemOf(answer.status, await answer.text())
  }
  const link = document.createElement('a')
  link.href = URL.createObjectURL(await answer.blob())
  link.download = name
  link.click()
  setTimeout(() => URL.revokeObjectURL(link.href), 60000)
}

// Published works of a place, newest first; what may be recommended.
export const readCandidates = async (region: string, track: string): Promise<{ id: string; title: string; region_name: string; city_name: string; url: string }[]> =>
  (await request<{ items: { id: string; title: string; region_name: string; city_name: string; url: string }[] }>('GET', `works?${query({ region, track, limit: '100' })}`)).items

export const readJudging = async (): Promise<JudgingRound[]> => (await request<{ items: JudgingRound[] }>('GET', 'judging')).items

export const score = (round: string, number: number, points: number[], note: string): Promise<void> =>
  request('PUT', `judging/${round}/${number}`, { points, note })

export const standAside = (round: string, number: number): Promise<void> => request('DELETE', `judging/${round}/${number}`)

export const readLedger = (work: string, after: string): Promise<{ items: LedgerRecord[]; next: number | null }> =>
  request('GET', `ledger?${query({ work, after })}`)

export const verifyLedger = (): Promise<{ whole: boolean; records: number; first_bad: number | null; fault?: string; anchors?: number }> =>
  request('POST', 'ledger/verify')

export const readStaff = async (): Promise<Person[]> => (await request<{ items: Person[] }>('GET', 'staff')).items

export const addStaff = (person: object): Promise<{ username: string; invitation?: string | null }> =>
  request('POST', 'staff', person)

export const switchStaff = (id: string, active: boolean): Promise<void> => request('PATCH', `staff/${id}`, { active })

// What is not named stays; another unit or recusal ends the person's logins.
export const changeStaff = (id: string, change: { unit?: string; recusals?: string[]; phone?: string }): Promise<void> =>
  request('PATCH', `staff/${id}`, change)

export const setPhone = (phone: string): Promise<void> => request('PUT', 'me/phone', { phone })

export const invite = (id: string): Promise<{ url: string }> => request('POST', `staff/${id}/invitation`)

export const resetOtp = (id: string): Promise<void> => request('DELETE', `staff/${id}/otp`)

// A name at the identity provider; '' ends it.
export const setIdentity = (id: string, username: string): Promise<void> =>
  username === '' ? request('DELETE', `staff/${id}/identity`) : request('PUT', `staff/${id}/identity`, { username })

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
