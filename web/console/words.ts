// Times, failures and changes as a reviewer reads them.

import { Problem } from '../public/lib/api'
import type { Work } from './service/work'

export function lengthText(ms: number): string {
  const seconds = Math.round(ms / 1000)
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`
}

export function waitingText(sinceMs: number): string {
  const hours = Math.floor((Date.now() - sinceMs) / 3600000)
  return hours < 1 ? '不到 1 小时' : hours < 48 ? `${hours} 小时` : `${Math.floor(hours / 24)} 天`
}

export function timeText(ms: number): string {
  return new Date(ms).toLocaleString('zh-CN', { hour12: false })
}

export function failureText(error: unknown): string {
  return error instanceof Problem ? error.detail : '出了点问题，请刷新页面再试。'
}

const PARTS: readonly [string, (work: Work) => unknown][] = [
  ['名称', (work) => work.title], ['说明', (work) => work.words], ['封面', (work) => work.cover?.moments], ['使用范围', (work) => work.consents],
]

// Which parts of a work are others than they were; '' when it has only moved on.
export function changesText(before: Work, now: Work): string {
  return PARTS.filter(([, of]) => JSON.stringify(of(before)) !== JSON.stringify(of(now))).map(([name]) => name).join('、')
}
