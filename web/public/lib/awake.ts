// Keeps the screen on while bytes move: most phones stop sending when it goes dark.

interface Lock {
  release(): Promise<void>
}

let lock: Lock | null = null
let wanted = false

async function take(): Promise<void> {
  const source = (navigator as { wakeLock?: { request(kind: 'screen'): Promise<Lock> } }).wakeLock

  try {
    lock = wanted && document.visibilityState === 'visible' ? ((await source?.request('screen')) ?? null) : lock
  } catch {
    lock = null // low battery, or not allowed
  }
}

document.addEventListener('visibilitychange', () => void take())

export function keepAwake(on: boolean): void {
  if (on === wanted) {
    return
  }
  wanted = on
  if (on) {
    void take()
  } else {
    void lock?.release()
    lock = null
  }
}
