// The one place that calls fetch. Answers are those of /api/v1; failures become a Problem whose `detail` can be shown
// to anybody as it is.

export class Problem extends Error {
  constructor(
    readonly status: number, // 0: nothing came back
    readonly code: string,
    readonly detail: string,
  ) {
    super(detail)
  }
}

const LOST = '网络不太好，请稍等，再试一次。'
const STRANGE = '系统出了点问题，请稍后再试。'

let csrf = ''

export function setCsrf(token: string): void {
  csrf = token
}

export function problemOf(status: number, text: string): Problem {
  try {
    const body = JSON.parse(text) as { code?: string; detail?: string }
    return new Problem(status, body.code ?? 'internal', body.detail ?? STRANGE)
  } catch {
    return new Problem(status, 'internal', STRANGE)
  }
}

export async function request<T>(
  method: string,
  path: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<T> {
  const sent: Record<string, string> = { Accept: 'application/json', ...headers }
  let answer: Response
  let text: string

  const isFile = body instanceof Blob // goes as it is
  if (body !== undefined && !isFile) {
    sent['Content-Type'] = 'application/json'
  }
  if (method !== 'GET' && csrf !== '') {
    sent['X-CSRF-Token'] = csrf
  }
  try {
    answer = await fetch(`/api/v1/${path}`, {
      method,
      headers: sent,
      body: body === undefined || isFile ? body : JSON.stringify(body),
      cache: 'no-store',
      keepalive: method === 'DELETE',
    })
    text = await answer.text()
  } catch {
    throw new Problem(0, 'lost', LOST)
  }
  if (!answer.ok) {
    throw problemOf(answer.status, text)
  }
  return (text === '' ? undefined : JSON.parse(text)) as T
}

// A text of ours by its whole path, such as a storyboard's times.
export async function readText(path: string): Promise<string> {
  const answer = await fetch(path)

  if (!answer.ok) {
    throw problemOf(answer.status, '')
  }
  return answer.text()
}

export interface Track {
  key: string
  name: string
  kinds: string[]
  min_seconds: number
  max_seconds: number
  max_bytes: number
  max_files: number
  open: boolean
  public: boolean
}

export interface Region {
  code: string
  name: string
  level: 'province' | 'city' | 'county'
  parent: string | null
}

export interface Rules {
  edition: { key: string; name: string; year: number }
  tracks: Track[]
  regions: Region[]
  limits: { title_chars: number; words_chars: number }
  consent_version: string
}

export interface Submission {
  code: string
  status: string
  status_text: string
  title?: string
  stage?: string
  reason?: { code: string; text: string; note?: string; all?: { label: string; text: string }[] }
  messages?: { id: string; author: string; is_own: boolean; text: string; made_text: string }[]
  url?: string
  family_url?: string
  actions: string[]
  words?: string
  track?: string
  scopes?: string[]
  revision?: number
  ahead_text?: string
  uploads?: { id: string; fingerprint: string; length: number; offset: number }[]
  refused?: { position: number; name: string; label: string; text: string }[]
  photos?: { position: number; caption: string; kind?: string }[]
  cover?: { clips: number[]; moments: Record<string, number>; pending: boolean } | null
}
