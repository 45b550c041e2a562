// A clip's storyboard: one picture with many tiles, and a WebVTT that says which tile is which moment.

export interface Tile {
  x: number
  y: number
  width: number
  height: number
}

export interface Moment {
  ms: number
  tile: Tile
}

const msOf = (text: string): number => Math.round(text.split(':').reduce((sum, part) => sum * 60 + Number(part), 0) * 1000)

export function momentsOf(vtt: string): Moment[] {
  return Array.from(vtt.matchAll(/([\d:.]+) --> [\d:.]+[^\n]*\n\S*#xywh=(\d+),(\d+),(\d+),(\d+)/g), (cue) => {
    const [x = 0, y = 0, width = 0, height = 0] = cue.slice(2, 6).map(Number)

    return { ms: msOf(cue[1] ?? '0'), tile: { x, y, width, height } }
  })
}

// `count` of them, evenly.
export function spread<T>(all: T[], count: number): T[] {
  return all.length <= count
    ? all
    : Array.from({ length: count }, (_, i) => all[Math.floor(((i + 0.5) * all.length) / count)] as T)
}

export const clock = (ms: number): string => `${Math.floor(ms / 60000)}:${String(Math.floor(ms / 1000) % 60).padStart(2, '0')}`
