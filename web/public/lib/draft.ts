// What a parent has typed and how far the upload came, kept on this phone. Some phones keep nothing: then it is lost
// when the page closes, and everything else still works.

export interface Draft {
  fields: Record<string, string>
  uploads: Record<string, { url: string; name: string; percent: number }> // by fingerprint
  key: string // Idempotency-Key: one for each work
  sent: { code: string; pin: string; uploads: string } | null // registered before its bytes had arrived
}

const PLACE = 'xuepai-draft'

function randomKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('')
}

export function emptyDraft(): Draft {
  return { fields: {}, uploads: {}, key: randomKey(), sent: null }
}

export function loadDraft(): Draft {
  try {
    const kept = JSON.parse(localStorage.getItem(PLACE) ?? '') as Partial<Draft>
    return { ...emptyDraft(), ...kept }
  } catch {
    return emptyDraft()
  }
}

export function saveDraft(draft: Draft): void {
  try {
    localStorage.setItem(PLACE, JSON.stringify(draft))
  } catch {
    // full or forbidden
  }
}

export function dropDraft(): void {
  try {
    localStorage.removeItem(PLACE)
  } catch {
    // forbidden
  }
}
