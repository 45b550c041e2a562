// Numbers as a person says them.

export function bytesText(bytes: number): string {
  return bytes < 1024 * 1024 ? `${Math.max(1, Math.round(bytes / 1024))} KB` : `${(bytes / 1024 / 1024).toFixed(1)} MB`
}

export function secondsText(seconds: number): string {
  const whole = Math.round(seconds)
  const minutes = Math.floor(whole / 60)

  return minutes === 0 ? `${whole} 秒` : whole % 60 === 0 ? `${minutes} 分钟` : `${minutes} 分 ${whole % 60} 秒`
}

export function remainingText(seconds: number): string {
  return seconds < 50 ? '马上就好' : `约还要 ${Math.max(1, Math.round(seconds / 60))} 分钟`
}

// What an upload waits for; `why`: the service's own sentence, '' where the line is at fault.
export function waitingText(why: string): string {
  return !navigator.onLine ? '网络断开了，连上网会自动接着传，不用重选。'
    : why !== '' ? `${why}这里会自动再试，不用重选。`
    : '网络不太稳，正在接着传，不用重选。'
}
