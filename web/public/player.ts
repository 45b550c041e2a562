// Inside the frame of another site: says what the player does, and does what that site's page asks (docs/EMBEDDING.md).
// The messages tell nothing about the person and let nobody do more than the buttons do.

import { playInline } from './lib/inline'
import { watching } from './lib/watching'

interface Order {
  xuepai?: unknown
  value?: unknown
}

const videos = Array.from(document.querySelectorAll('video'))
const video = videos[0] ?? null // the address of a frame and its orders are about the first
const color = document.body.dataset.color

if (color !== undefined) {
  document.body.style.background = `#${color}`
}

function tell(what: string): void {
  if (parent !== window && video !== null) {
    parent.postMessage({ xuepai: what, time: video.currentTime, duration: video.duration }, '*')
  }
}

if (video !== null) {
  videos.forEach(playInline)
  watching(videos)
  const source = video.querySelector('source')?.src ?? ''
  const [, from = '0', to = ''] = /#t=([\d.]+)(?:,([\d.]+))?$/.exec(source) ?? []
  const orders: Record<string, (value: unknown) => void> = {
    play: () => void video.play().catch(() => tell('refused')), // a browser wants a press first
    pause: () => video.pause(),
    seek: (value) => (video.currentTime = Number(value) || 0),
    volume: (value) => (video.volume = Math.min(1, Math.max(0, Number(value) || 0))),
    mute: (value) => (video.muted = value !== false),
  }

  for (const what of ['play', 'pause', 'ended']) {
    video.addEventListener(what, () => tell(what))
  }
  video.addEventListener('timeupdate', () => {
    tell('time')
    if (video.loop && to !== '' && video.currentTime >= Number(to)) {
      video.currentTime = Number(from) // the loop of a part; a browser loops the whole
      void video.play().catch(() => undefined)
    }
  })
  if (video.readyState > 0) {
    tell('ready')
  } else {
    video.addEventListener('loadedmetadata', () => tell('ready'))
  }
  if (!video.paused) {
    tell('play') // it began by itself, before this script
  } else if (video.autoplay) {
    orders.play?.(undefined) // some browsers wait until the frame is asked
  }
  addEventListener('message', ({ source: from_, data }: MessageEvent<Order | null>) => {
    if (from_ === parent && typeof data?.xuepai === 'string') {
      orders[data.xuepai]?.(data.value)
    }
  })
}
