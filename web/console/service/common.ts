// What the calls of this folder share. The folder is what the console asks the service for and the shapes that come back:
// a file for each view, named after it, and for what several views need account, names, published, queue and work. The
// asking itself is request.ts, on public/lib/api.ts (CSRF, Problem).

import { problemOf } from '../../public/lib/api'
import { request } from './request'

export function query(values: Record<string, string>): string {
  return new URLSearchParams(Object.entries(values).filter(([, value]) => value !== '')).toString()
}

// Of an answer that is a list.
export const readItems = async <T>(path: string): Promise<T[]> => (await request<{ items: T[] }>('GET', path)).items

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
