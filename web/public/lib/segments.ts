// A long clip by segments, in the size that the line carries: hls.js light, where the browser has Media Source Extensions.
// Apple's phones play the list by themselves. Clips up to five minutes play as files, with no script at all.

export async function segments(video: HTMLVideoElement, address: string): Promise<void> {
  if ('ManagedMediaSource' in window && video.canPlayType('application/vnd.apple.mpegurl') !== '') {
    return // the list is native there, and the file plays as well
  }
  if (!('MediaSource' in window)) {
    return
  }
  const { default: Hls } = await import('hls.js/light')
  if (!Hls.isSupported()) {
    return
  }
  const player = new Hls({ capLevelToPlayerSize: true, maxBufferLength: 30 })
  const files = [...video.querySelectorAll('source')]
  const begin = (): void => {
    const at = video.currentTime
    files.forEach((one) => one.remove())
    player.loadSource(address)
    player.attachMedia(video)
    video.currentTime = at
    void video.play().catch(() => undefined) // another source has stopped it
  }
  player.on(Hls.Events.ERROR, (_, problem) => {
    if (problem.fatal) { // back to the file
      player.destroy()
      video.append(...files)
      video.load()
      void video.play().catch(() => undefined)
    }
  })
  if (video.paused) {
    video.addEventListener('play', begin, { once: true })
  } else {
    begin()
  }
}
