// Times and failures as a reviewer reads them.

import { Problem } from '../public/lib/api'

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
