// A copy of a picked file in this browser's own storage, so that a reload goes on without picking again, and a phone that
// takes the file back stops nothing. Best effort: where there is no room, or no storage, everything else still works.

const NAME = 'xuepai'
const STORE = 'files'
const PATIENCE_MS = 3000 // some phones never answer

function patient<T>(work: Promise<T>, instead: T): Promise<T> {
  return Promise.race([work.catch(() => instead), new Promise<T>((done) => window.setTimeout(() => done(instead), PATIENCE_MS))])
}

function open(): Promise<IDBDatabase> {
  return new Promise((done, fail) => {
    const asked = indexedDB.open(NAME, 1)

    asked.onupgradeneeded = () => asked.result.createObjectStore(STORE)
    asked.onsuccess = () => done(asked.result)
    asked.onerror = () => fail(asked.error)
  })
}

async function run<T>(mode: IDBTransactionMode, act: (store: IDBObjectStore) => IDBRequest<T>): Promise<T> {
  const base = await open()

  return new Promise<T>((done, fail) => {
    const deal = base.transaction(STORE, mode)
    const asked = act(deal.objectStore(STORE))

    deal.oncomplete = () => done(asked.result)
    deal.onerror = deal.onabort = () => fail(deal.error)
  }).finally(() => base.close())
}

const PIECE_BYTES = 4 * 1024 * 1024

interface Head {
  name: string
  type: string
  pieces: number
}

const copying = new Set<string>()

// In pieces read by ourselves: a whole File is kept as a mere reference by some browsers, and goes when the original goes.
// Only where twice its size is free: a full phone has other worries. The head comes last and says that all is there.
async function put(fingerprint: string, file: File): Promise<boolean> {
  const { quota = 0, usage = 0 } = (await navigator.storage?.estimate?.()) ?? {}
  const pieces = Math.ceil(file.size / PIECE_BYTES)

  if (quota - usage <= 2 * file.size) {
    return false
  }
  for (let i = 0; i < pieces && copying.has(fingerprint); i++) {
    const piece = new Blob([await file.slice(i * PIECE_BYTES, (i + 1) * PIECE_BYTES).arrayBuffer()])
    await run('readwrite', (store) => store.put(piece, `${fingerprint}/${i}`))
  }
  if (!copying.has(fingerprint)) {
    await drop(fingerprint)
    return false
  }
  const head: Head = { name: file.name, type: file.type, pieces }
  await run('readwrite', (store) => store.put(head, fingerprint))
  return true
}

export async function keep(fingerprint: string, file: File): Promise<boolean> {
  try {
    if ((await find(fingerprint)) !== null) {
      return true
    }
    copying.add(fingerprint)
    return await put(fingerprint, file)
  } catch {
    return false
  }
}

async function get(fingerprint: string): Promise<File | null> {
  const head = await run<Head | undefined>('readonly', (store) => store.get(fingerprint))
  const pieces: Blob[] = []

  for (let i = 0; head !== undefined && i < head.pieces; i++) {
    pieces.push(await run<Blob>('readonly', (store) => store.get(`${fingerprint}/${i}`)))
  }
  return head === undefined ? null : new File(pieces, head.name, { type: head.type })
}

export function find(fingerprint: string): Promise<File | null> {
  return patient(get(fingerprint), null)
}

export function drop(fingerprint: string): Promise<unknown> {
  copying.delete(fingerprint)
  return patient<unknown>(run('readwrite', (store) => store.delete(IDBKeyRange.bound(fingerprint, `${fingerprint}/~`))), null)
}

export function clear(): Promise<unknown> {
  copying.clear()
  return patient<unknown>(run('readwrite', (store) => store.clear()), null)
}
