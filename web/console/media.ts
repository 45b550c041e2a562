// Pictures and storyboard times of the works at hand. Previews are answered `no-store`, so what is fetched ahead is kept
// here, as blobs, for the last few works; each byte then crosses the line once, and the next work stands at once.
import { readText } from '../public/lib/api'
import type { Work } from './service/work'

const KEPT = 24

const pictures = new Map<string, Promise<string>>()
const texts = new Map<string, Promise<string>>()

function keep(map: Map<string, Promise<string>>, address: string, read: () => Promise<string>): Promise<string> {
  const found = map.get(address) ?? read()

  map.delete(address) // the newest last
  map.set(address, found)
  return found
}

async function readPicture(address: string): Promise<string> {
  const answer = await fetch(address)
  if (!answer.ok) {
    throw new Error(`${answer.status}`)
  }
  return URL.createObjectURL(await answer.blob())
}

function forgetOldest(): void {
  for (const [address, found] of pictures) {
    if (pictures.size <= KEPT) {
      return
    }
    pictures.delete(address)
    void found.then((url) => URL.revokeObjectURL(url), () => undefined)
  }
}

// Addresses carry a signature that changes; the path names the bytes.
const nameOf = (address: string): string => address.split('?')[0] ?? address

export function picture(address: string): Promise<string> {
  const found = keep(pictures, nameOf(address), () => readPicture(address))

  found.catch(() => pictures.delete(nameOf(address)))
  forgetOldest()
  return found
}

export function times(address: string): Promise<string> {
  const found = keep(texts, nameOf(address), () => readText(address))

  found.catch(() => texts.delete(nameOf(address)))
  return found
}

export function fetchAhead(work: Work | undefined): void {
  for (const address of [work?.contact_sheet, work?.storyboard]) {
    if (address) {
      void picture(address).catch(() => undefined) // it is asked for again when it is shown
    }
  }
  if (work?.storyboard_vtt) {
    void times(work.storyboard_vtt).catch(() => undefined)
  }
}
