// The list of works. Owns the filters, the works in their order, the next page, which work is open, and how fresh each of them is. It
// never takes a lease, decides nothing and hears of nothing by itself: hold.ts, decisions.ts and live.ts do, by the verbs below.
import { computed, type ComputedRef, type Ref, ref, watch } from 'vue'
import { fetchAhead } from '../media'
import { type Filters, type Queue, readAnother, readQueue } from '../service/queue'
import { readWork, type Work } from '../service/work'
import { failureText } from '../words'
import type { Selection } from './selection'
import { continued, followed, nearestFree } from './works'

const FEW = 5 // works left when the next page is fetched
const OLD_MS = 8 * 60000 // signed addresses live ten minutes

export interface List {
  filters: Ref<Filters>
  works: Readonly<Ref<Work[]>>
  next: Readonly<Ref<string | null>> // null: no more pages
  chosenId: Ref<string> // '': none is open
  chosen: ComputedRef<Work | null>
  load: (isMore?: boolean) => Promise<void>
  refill: () => void
  refresh: (id: string) => Promise<void>
  freshen: (id: string) => void
  peek: () => Promise<Queue | null>
  merge: (page: Queue) => void
  settle: (id: string) => void
  another: () => Promise<void>
  move: (steps: number) => void
  takeOut: (work: Work) => () => Promise<void>
  letIn: (ids: string[]) => void
}

/** `count` is called whenever the list has been read; what fails is said in `failure`. */
export function useList(failure: Ref<string>, selection: Selection, count: () => Promise<void>): List {
  const filters = ref<Filters>({ stage: '', region: '', track: '', flag: '', waited_hours: '', q: '', sample: '' })
  const works = ref<Work[]>([])
  const next = ref<string | null>(null)
  const chosenId = ref('')
  const chosen = computed(() => works.value.find((work) => work.id === chosenId.value) ?? null)
  const readAt = new Map<string, number>()
  const decided = new Map<string, number>() // id -> version: an answer that was on its way does not bring it back
  let turn = 0 // what was asked for before the list was read from the start again is not for this one

  async function readPage(after: string): Promise<Queue> {
    const page = await readQueue(filters.value, after)

    return { ...page, items: page.items.filter((work) => decided.get(work.id) !== work.version) }
  }

  async function load(isMore = false): Promise<void> {
    turn += isMore ? 0 : 1
    const asked = turn

    try {
      const page = await readPage(isMore ? (next.value ?? '') : '')
      if (asked !== turn) {
        return
      }
      const before = works.value

      works.value = continued(isMore ? before : [], page.items)
      page.items.forEach((work) => readAt.set(work.id, Date.now()))
      next.value = page.next
      void count()
      selection.keep(before, works.value)
      failure.value = ''
      if (chosen.value === null) {
        chosenId.value = nearestFree(works.value, 0)?.id ?? ''
      }
    } catch (error) {
      failure.value = asked === turn ? failureText(error) : failure.value
    }
  }

  // The next page, before the last works of this one are gone.
  function refill(): void {
    if (works.value.length < FEW && next.value !== null) {
      void load(true)
    }
  }

  // One work anew: after a remark, and when its signed addresses are about to expire.
  async function refresh(id: string): Promise<void> {
    try {
      const fresh = await readWork(id)

      readAt.set(id, Date.now())
      works.value = works.value.map((work) => (work.id === id ? fresh : work))
    } catch (error) {
      failure.value = failureText(error)
    }
  }

  // For who looks at it now: the pictures of the one behind it are fetched ahead, and it is read anew where it has become old.
  function freshen(id: string): void {
    fetchAhead(nearestFree(works.value, works.value.findIndex((work) => work.id === id) + 1))
    if (id !== '' && Date.now() - (readAt.get(id) ?? 0) > OLD_MS) {
      void refresh(id)
    }
  }

  // The first page as it is now; null where it cannot be read, or the list has become another meanwhile.
  async function peek(): Promise<Queue | null> {
    const asked = turn
    const page = await readPage('').catch(() => null)

    return asked === turn ? page : null
  }

  function merge(page: Queue): void {
    works.value = followed(works.value, page, chosen.value?.id)
    page.items.forEach((work) => readAt.has(work.id) || readAt.set(work.id, Date.now()))
    next.value ??= page.next
  }

  // Others have decided on it: it stays to be read, and nothing is left to press.
  function settle(id: string): void {
    works.value = works.value.map((work) => (work.id === id ? { ...work, actions: [] } : work))
  }

  async function another(): Promise<void> {
    const work = await readAnother(filters.value).catch((error: unknown) => void (failure.value = failureText(error)))
    if (work) {
      readAt.set(work.id, Date.now())
      works.value = works.value.some((one) => one.id === work.id) ? works.value : [work, ...works.value]
      chosenId.value = work.id
    }
  }

  function move(steps: number): void {
    const at = works.value.findIndex((work) => work.id === chosenId.value)

    chosenId.value = works.value[Math.min(works.value.length - 1, Math.max(0, at + steps))]?.id ?? ''
  }

  // The next work stands there at once. What is returned brings it back to its place, for when it could not be decided.
  function takeOut(work: Work): () => Promise<void> {
    const at = works.value.findIndex((one) => one.id === work.id)
    const asked = turn

    decided.set(work.id, work.version)
    works.value = works.value.filter((one) => one.id !== work.id)
    chosenId.value = nearestFree(works.value, at)?.id ?? ''
    selection.drop(work.id)
    return () => {
      letIn([work.id])
      return asked === turn ? bringBack(work, at) : load() // another list may not have a place for it
    }
  }

  // As it is now, or as it was where the service cannot be asked; what somebody else has settled stays away. What the person looks
  // at meanwhile stays under their eyes.
  async function bringBack(work: Work, at: number): Promise<void> {
    const now = await readWork(work.id).catch(() => work)

    readAt.set(work.id, Date.now())
    if (now.actions.length > 0 && !works.value.some((one) => one.id === work.id)) {
      works.value = [...works.value.slice(0, at), now, ...works.value.slice(at)]
      chosenId.value = chosen.value === null ? work.id : chosenId.value
    }
  }

  // They were decided and are not any more.
  const letIn = (ids: string[]): void => ids.forEach((id) => decided.delete(id))

  watch(filters, () => void load(), { deep: true })
  return { filters, works, next, chosenId, chosen, load, refill, refresh, freshen, peek, merge, settle, another, move, takeOut, letIn }
}
