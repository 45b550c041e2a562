// Keeps the screen's page, style, script and QR code: the network first, and what it last said when it is silent.
// Works are kept by the page itself (kiosk.ts), which knows which of them are still on the list.

interface FetchLike extends Event {
  request: Request
  respondWith(answer: Promise<Response>): void
  waitUntil(task: Promise<unknown>): void
}

{
  const PATIENCE_MS = 4000
  const KEPT = /^\/(kiosk\/\d+(\/qr\.svg)?$|assets\/)/
  const worker = self as unknown as { skipWaiting(): Promise<void>; clients: { claim(): Promise<void> } }

  const answer = async (request: Request): Promise<Response> => {
    const cache = await caches.open('xuepai-kiosk-page')
    const fresh = await Promise.race([
      fetch(request).catch(() => null),
      new Promise<null>((done) => setTimeout(() => done(null), PATIENCE_MS)),
    ])

    if (fresh?.ok === true) {
      await cache.put(request.url, fresh.clone())
      return fresh
    }
    return (await cache.match(request.url, { ignoreVary: true })) ?? fresh ?? Response.error()
  }

  self.addEventListener('install', (event) => (event as FetchLike).waitUntil(worker.skipWaiting()))
  // The first visit came before the worker: its page is asked for once more, so that it is kept too.
  self.addEventListener('activate', (event) => (event as FetchLike).waitUntil(worker.clients.claim()))
  self.addEventListener('fetch', (event) => {
    const { request } = event as FetchLike
    const url = new URL(request.url)

    if (request.method === 'GET' && url.origin === location.origin && KEPT.test(url.pathname)) {
      (event as FetchLike).respondWith(answer(request))
    }
  })
}
