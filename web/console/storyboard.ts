// Eight moments of a clip, evenly spread, are enough to judge it at a glance.
import { momentsOf, spread, type Tile } from '../public/lib/storyboard'

const FRAMES = 8

export interface Frame {
  seconds: number
  tile: Tile | null // null: no picture, only the moment
}

export function framesFrom(vtt: string, durationMs: number): Frame[] {
  const frames = spread(momentsOf(vtt), FRAMES)

  return frames.length > 0
    ? frames.map(({ ms, tile }) => ({ seconds: ms / 1000, tile }))
    : Array.from({ length: FRAMES }, (_, i) => ({ seconds: ((i + 0.5) * durationMs) / 1000 / FRAMES, tile: null }))
}
