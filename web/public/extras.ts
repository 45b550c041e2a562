// Beside a playing clip: its moments as pictures to press, speed, again and again, a small window. Fetched when somebody
// turns to the player; without script the browser's own buttons are there.

import { segments } from './lib/segments'

interface Moment {
  start: number
  url: string
  x: number
  y: number
  width: number
  height: number
}

const TIME = /(?:(\d+):)?(\d+):(\d+)\.(\d+) -->/
const PLACE = /^(.*)#xywh=(\d+),(\d+),(\d+),(\d+)$/

// The service's own storyboard: times and places in one picture.
function momentsOf(text: string, base: string): Moment[] {
  const moments: Moment[] = []
  let start = -1
  for (const line of text.split('\n')) {
    const time = TIME.exec(line)
    const place = PLACE.exec(line)
    if (time !== null) {
      start = Number(time[1] ?? 0) * 3600 + Number(time[2]) * 60 + Number(time[3]) + Number(`0.${time[4]}`)
    } else if (place !== null && start >= 0) {
      const [x = 0, y = 0, width = 0, height = 0] = place.slice(2).map(Number)
      moments.push({ start, url: new URL(place[1] ?? '', base).href, x, y, width, height })
    }
  }
  return moments
}

const clock = (seconds: number): string => `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, '0')}`

function frame(moment: Moment): HTMLElement {
  const picture = document.createElement('span')
  const scale = 72 / moment.height
  picture.className = 'frame'
  Object.assign(picture.style, {
    width: `${moment.width * scale}px`, height: '72px', backgroundImage: `url("${moment.url}")`,
    backgroundPosition: `-${moment.x * scale}px -${moment.y * scale}px`,
  })
  const whole = new Image()
  whole.onload = () => (picture.style.backgroundSize = `${whole.naturalWidth * scale}px ${whole.naturalHeight * scale}px`)
  whole.src = moment.url
  return picture
}

async function moments(video: HTMLVideoElement, address: string): Promise<HTMLElement | null> {
  const answer = await fetch(address)
  const all = answer.ok ? momentsOf(await answer.text(), new URL(address, location.href).href) : []
  const apart = all.filter((moment, i) => i === 0 || clock(moment.start) !== clock(all[i - 1]?.start ?? 0)) // of a short clip, one a second
  const every = Math.max(1, Math.ceil(apart.length / 12))
  const list = document.createElement('ul')
  list.className = 'moments'
  list.setAttribute('aria-label', '片段')
  for (const moment of apart.filter((_, i) => i % every === 0)) {
    const button = document.createElement('button')
    const time = document.createElement('span')
    const item = document.createElement('li')
    button.type = 'button'
    time.textContent = clock(moment.start)
    button.setAttribute('aria-label', `从 ${clock(moment.start)} 看`)
    button.append(frame(moment), time)
    button.addEventListener('click', () => {
      video.currentTime = moment.start
      void video.play().catch(() => undefined)
    })
    item.append(button)
    list.append(item)
  }
  return apart.length > 1 ? list : null
}

function speed(video: HTMLVideoElement): HTMLElement {
  const label = document.createElement('label')
  const select = document.createElement('select')
  for (const rate of [0.5, 0.75, 1, 1.25, 1.5, 2]) {
    select.add(new Option(rate === 1 ? '正常' : `${rate} 倍`, String(rate), rate === 1, rate === 1))
  }
  select.addEventListener('change', () => (video.playbackRate = Number(select.value)))
  label.append('快慢 ', select)
  return label
}

function again(video: HTMLVideoElement): HTMLElement {
  const label = document.createElement('label')
  const box = document.createElement('input')
  box.type = 'checkbox'
  box.addEventListener('change', () => (video.loop = box.checked))
  label.append(box, ' 放完再放')
  return label
}

// Into the small window and back. A clip of which nothing has come yet is refused there, so it plays first.
async function changeWindow(video: HTMLVideoElement): Promise<void> {
  if (document.pictureInPictureElement === video) {
    await document.exitPictureInPicture()
    return
  }
  if (video.readyState === HTMLMediaElement.HAVE_NOTHING) {
    await video.play()
  }
  await video.requestPictureInPicture()
}

function small(video: HTMLVideoElement): HTMLElement {
  const button = document.createElement('button')
  button.type = 'button'
  button.textContent = '小窗看'
  button.addEventListener('click', () => void changeWindow(video).catch(() => button.remove()))
  video.addEventListener('enterpictureinpicture', () => (button.textContent = '回到网页看'))
  video.addEventListener('leavepictureinpicture', () => (button.textContent = '小窗看'))
  return button
}

async function extras(video: HTMLVideoElement): Promise<void> {
  const bar = document.createElement('div')
  bar.className = 'extras'
  bar.append(speed(video), again(video), ...(document.pictureInPictureEnabled ? [small(video)] : []))
  const board = video.dataset.storyboard ?? ''
  const strip = board === '' ? null : await moments(video, board).catch(() => null)
  video.after(...(strip === null ? [bar] : [strip, bar]))
}

for (const video of document.querySelectorAll('video')) {
  void extras(video)
  if (video.dataset.hls !== undefined) {
    void segments(video, video.dataset.hls)
  }
}
