// The storyboard: one picture with many tiles, and a WebVTT that says which tile is which moment. Eight moments, evenly
// spread, are enough to judge a clip at a glance.

const FRAMES = 8

export interface Frame {
  seconds: number
  tile: { x: number; y: number; width: number; height: number } | null // null: no picture, only the moment
}

function secondsOf(text: string): number {
  return text.split(':').reduce((sum, part) => sum * 60 + Number(part), 0)
}

function parse(vtt: string): Frame[] {
  const frames: Frame[] = []

  for (const cue of vtt.matchAll(/([\d:.]+) --> [\d:.]+[^\n]*\n\S*#xywh=(\d+),(\d+),(\d+),(\d+)/g)) {
    const [x = 0, y = 0, width = 0, height = 0] = cue.slice(2, 6).map(Number)
    frames.push({ seconds: secondsOf(cue[1] ?? '0'), tile: { x, y, width, height } })
  }
  return frames
}

function spread(frames: Frame[]): Frame[] {
  if (frames.length <= FRAMES) {
    return frames
  }
  return Array.from({ length: FRAMES }, (_, i) => frames[Math.floor(((i + 0.5) * frames.length) / FRAMES)] as Frame)
}

export function framesFrom(vtt: string, durationMs: number): Frame[] {
  const frames = spread(parse(vtt))

  return frames.length > 0
    ? frames
    : Array.from({ length: FRAMES }, (_, i) => ({ seconds: ((i + 0.5) * durationMs) / 1000 / FRAMES, tile: null }))
}
