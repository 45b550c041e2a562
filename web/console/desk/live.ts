// What others do, while one looks on. Owns the stream of news and the word on what happened to the open work. Its verb follow() has
// the list taken anew without taking the open work from under the reader's eyes. It never decides and never opens another work while
// one is open.
import { onMounted, onUnmounted, type Ref, ref } from 'vue'
import { readWork, type Work } from '../service/work'
import { changesText } from '../words'
import type { List } from './list'
import type { Selection } from './selection'

const PAUSE_MS = 2000 // the list is not read anew more often
const AGAIN_MS = 3000

export interface Live {
  changed: Ref<string> // '': nothing
}

/** Listens from mounted to unmounted. `count` is called when works moved, not when they were only taken or left. */
export function useLive(list: List, selection: Selection, count: () => Promise<void>): Live {
  const { works, chosen, chosenId } = list
  const changed = ref('')
  let stream: EventSource | null = null
  let pause = 0
  let again = 0
  let hasMoved = false

  // What was decided or withdrawn elsewhere leaves, who holds what is shown anew, and a change of the open work is said.
  async function follow(): Promise<void> {
    const page = await list.peek()
    if (page === null) {
      return
    }
    const open = chosen.value
    const before = works.value

    list.merge(page)
    if (open === null) {
      chosenId.value = works.value[0]?.id ?? ''
    } else {
      await followOpen(open, page.items.find((work) => work.id === open.id))
    }
    selection.keep(before, works.value)
  }

  async function followOpen(open: Work, listed: Work | undefined): Promise<void> {
    if (listed !== undefined && listed.version === open.version) {
      return
    }
    const now = listed ?? (await readWork(open.id).catch(() => null))
    if (now !== null && now.version === open.version && open.actions.length > 0 && now.actions.length > 0) {
      return // only not on the first page
    }
    if (listed !== undefined) {
      await list.refresh(open.id)
      const parts = changesText(open, works.value.find((work) => work.id === open.id) ?? open)
      changed.value = `作品刚刚有变化，已换成新的内容${parts === '' ? '' : `（${parts}）`}，请再看一遍。`
    } else {
      list.settle(open.id)
      changed.value = '这件作品刚刚由别人处理了，或作者已撤回，不用再审。'
    }
  }

  // Something moved somewhere, or somebody took or left a work.
  function onNews(event: Event): void {
    hasMoved ||= event.type === 'moved'
    if (pause === 0) {
      pause = window.setTimeout(() => {
        pause = 0
        if (hasMoved) {
          void count()
        }
        hasMoved = false
        void follow()
      }, PAUSE_MS)
    }
  }

  // A browser asks again by itself, but not after an answer such as a gateway's while the service starts anew.
  function listen(): void {
    stream = new EventSource('/api/v1/live')
    stream.addEventListener('moved', onNews)
    stream.addEventListener('held', onNews)
    stream.addEventListener('error', () => {
      if (stream?.readyState === EventSource.CLOSED) {
        again = window.setTimeout(listen, AGAIN_MS)
      }
    })
  }

  onMounted(listen)
  onUnmounted(() => {
    window.clearTimeout(pause)
    window.clearTimeout(again)
    stream?.close()
  })
  return { changed }
}
