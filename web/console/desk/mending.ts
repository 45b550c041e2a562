// What a reviewer mends on the open work: its texts and its cover. Owns the dialog of the texts and the wait for a new cover. The work
// stays open; it is never decided on here, and what has become of it is read anew by list.ts.
import { onUnmounted, type Ref, shallowRef, watch } from 'vue'
import { putCover, putTexts, type Work } from '../service/work'
import { failureText } from '../words'
import type { Hold } from './hold'
import type { List } from './list'

const COVER_PAUSE_MS = 1500 // a cover is made in about two seconds

export interface Mending {
  editing: Ref<Work | null> // as it was when the dialog was opened; what has changed since, the service refuses
  edit: () => void
  saveTexts: (work: Work, title: string, words: string) => Promise<void> // what the service refuses is thrown
  chooseCover: (work: Work, ms: number, position: number) => Promise<void>
}

export function useMending(list: List, hold: Hold, failure: Ref<string>): Mending {
  const { chosen, chosenId, refresh } = list
  const editing = shallowRef<Work | null>(null)
  let pause = 0

  function edit(): void {
    editing.value = chosen.value?.actions.includes('return') === true ? chosen.value : null
  }

  async function saveTexts(work: Work, title: string, words: string): Promise<void> {
    await putTexts(work, title, words)
    editing.value = null
    await readAnew(work.id)
  }

  async function chooseCover(work: Work, ms: number, position: number): Promise<void> {
    failure.value = ''
    await putCover(work, ms, position).catch((error: unknown) => (failure.value = failureText(error)))
    await readAnew(work.id)
  }

  async function readAnew(id: string): Promise<void> {
    await refresh(id)
    if (id === chosenId.value) {
      void hold.keep(id)
    }
  }

  // Until its new cover is made nobody may decide; the ledger has nothing to tell when it is.
  watch(chosen, (work) => {
    window.clearTimeout(pause)
    if (work?.cover?.pending === true) {
      pause = window.setTimeout(() => void refresh(work.id), COVER_PAUSE_MS)
    }
  })
  onUnmounted(() => window.clearTimeout(pause))
  return { editing, edit, saveTexts, chooseCover }
}
