// WeChat's older browser on Android (X5) plays in the page only with attributes of its own, which HTML does not know.

export function playInline(video: HTMLVideoElement): void {
  video.setAttribute('x5-playsinline', '')
  video.setAttribute('x5-video-player-type', 'h5-page')
}
