// Whether a machine of this installation opens untrusted files without a lock (/healthz says `degraded`); asked at once and
// every minute. No answer, or another trouble, says nothing about it.
import { onMounted, onUnmounted, type Ref, ref } from 'vue'

const EVERY_MS = 60_000

export function useUnlocked(): Ref<boolean> {
  const isUnlocked = ref(false)
  let timer = 0

  async function ask(): Promise<void> {
    const answer: unknown = await fetch('/healthz').then((one) => one.json(), () => null).catch(() => null)
    isUnlocked.value = (answer as { status?: string } | null)?.status === 'degraded'
  }

  onMounted(() => {
    void ask()
    timer = window.setInterval(() => void ask(), EVERY_MS)
  })
  onUnmounted(() => window.clearInterval(timer))
  return isUnlocked
}
