// What makes a picked file the same file: its size and the SHA-256 of its first and last 64 KB. Name and date do not
// count: phones change both at every pick.

const PART_BYTES = 64 * 1024

function hex(bytes: ArrayBuffer): string {
  return Array.from(new Uint8Array(bytes), (byte) => byte.toString(16).padStart(2, '0')).join('')
}

// FNV-1a, for pages without a secure context, which have no crypto.subtle; only ever compared on the same phone.
function quickHash(bytes: ArrayBuffer): string {
  let hash = 0x811c9dc5

  for (const byte of new Uint8Array(bytes)) {
    hash = Math.imul(hash ^ byte, 0x01000193) >>> 0
  }
  return hash.toString(16)
}

export async function fingerprintOf(file: Blob): Promise<string> {
  const ends = new Blob([file.slice(0, PART_BYTES), file.slice(Math.max(0, file.size - PART_BYTES))])
  const bytes = await ends.arrayBuffer()

  if (crypto.subtle === undefined) {
    return `${file.size}-${quickHash(bytes)}`
  }
  return `${file.size}-${hex(await crypto.subtle.digest('SHA-256', bytes))}`
}
