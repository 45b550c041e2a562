// The hold on the open work: a lease that the service lets run out unless it is renewed. Owns the heartbeat and who holds the work
// instead. It never chooses a work and never changes the list; the view says which one is taken and which one is let go.
import { onMounted, onUnmounted, type Ref, ref } from 'vue'
import { Problem } from '../../public/lib/api'
import { hold, letGo } from '../service/queue'
import { failureText } from '../words'

const HEARTBEAT_MS = 30000

export interface Hold {
  heldBy: Readonly<Ref<string>> // the sentence that names a colleague; '': nobody else
  keep: (id: string, takeOver?: boolean) => Promise<void>
  take: (id: string) => void
  release: (id: string) => void
}

/** Leaving the desk or the page lets the open work go. */
export function useHold(openId: Ref<string>, failure: Ref<string>): Hold {
  const heldBy = ref('')
  let heartbeat = 0

  // An answer about a work that is not open any more says nothing.
  async function keep(id: string, takeOver = false): Promise<void> {
    try {
      await hold(id, takeOver)
      if (id === openId.value) {
        heldBy.value = ''
      }
    } catch (error) {
      if (id === openId.value) {
        heldBy.value = error instanceof Problem && error.code === 'leased' ? error.detail : ''
        failure.value = heldBy.value === '' ? failureText(error) : ''
      }
    }
  }

  // Held until another one is taken, and renewed unless a colleague has it; '' is none.
  function take(id: string): void {
    window.clearInterval(heartbeat)
    heldBy.value = ''
    if (id !== '') {
      void keep(id)
      heartbeat = window.setInterval(() => heldBy.value === '' && void keep(id), HEARTBEAT_MS)
    }
  }

  function release(id: string): void {
    if (id !== '') {
      void letGo(id).catch(() => undefined) // it runs out by itself
    }
  }

  const leave = (): void => release(openId.value)

  onMounted(() => window.addEventListener('pagehide', leave))
  onUnmounted(() => {
    window.removeEventListener('pagehide', leave)
    window.clearInterval(heartbeat)
    leave()
  })
  return { heldBy, keep, take, release }
}
