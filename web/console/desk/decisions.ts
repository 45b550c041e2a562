// Decisions: asked for, sent, taken back. Owns which decision waits for its reasons, which one can still be taken back, and which one is
// on its way. It never puts a work in its place and never reads one: list.ts does; what could not be done is named by selection.ts.
import { type Ref, shallowRef } from 'vue'
import { confirmed } from '../confirm'
import { ACTION_NAMES } from '../service/names'
import { takeDown } from '../service/published'
import { type Action, decide, decideMany, undoDecision } from '../service/queue'
import type { Work } from '../service/work'
import { failureText } from '../words'
import type { List } from './list'
import type { Selection } from './selection'

const BULK_MOST = 50
const DOUBLE_PRESS_MS = 250 // nobody has seen the next work so soon
const AT_ONCE: readonly Action[] = ['approve', 'escalate', 'confirm'] // without reasons

// What the dialog is about: the work as it was when it was opened, null for all that are selected. What has changed since, the
// service refuses.
export interface Asking {
  action: Action
  work: Work | null
}

export interface Sent {
  works: string[]
  decisions: string[] // none: it cannot be taken back
  text: string
}

export interface Decisions {
  asking: Ref<Asking | null>
  undo: Ref<Sent | null>
  ask: (action: Action) => void
  askMany: (action: 'approve' | 'return') => void
  sendAsked: (reasons: string[], note: string) => void
  takeBack: () => Promise<void>
}

/** `viewedMs`: for how long the open work's clip was played, for the ledger. */
export function useDecisions(list: List, selection: Selection, failure: Ref<string>, viewedMs: () => number): Decisions {
  const { works, chosen, chosenId } = list
  const { selected, skipped } = selection
  const asking = shallowRef<Asking | null>(null)
  const undo = shallowRef<Sent | null>(null)
  let sentAt = -DOUBLE_PRESS_MS
  let onWay: Promise<Sent> | null = null // the latest decision, until it is answered: the one that is taken back

  function ask(action: Action): void {
    const work = chosen.value

    if (work?.actions.includes(action) !== true) {
      return
    }
    if (!AT_ONCE.includes(action)) {
      asking.value = { action, work }
    } else if (performance.now() - sentAt > DOUBLE_PRESS_MS) {
      void send(work, action, [], '')
    }
  }

  function askMany(action: 'approve' | 'return'): void {
    if (AT_ONCE.includes(action)) {
      void sendMany(action, [], '')
    } else {
      asking.value = { action, work: null }
    }
  }

  function sendAsked(reasons: string[], note: string): void {
    const { action, work } = asking.value ?? {}

    if (action !== undefined) {
      void (work ? send(work, action, reasons, note) : sendMany(action, reasons, note))
    }
  }

  // The next work stands there at once, however far the service is; what could not be decided comes back and is named.
  async function send(work: Work, action: Action, reasons: string[], note: string): Promise<void> {
    const viewed = viewedMs()
    const bringBack = list.takeOut(work)

    sentAt = performance.now()
    asking.value = undo.value = null
    failure.value = ''
    const answer = carryOut(work, action, reasons, note, viewed)
    onWay = answer
    try {
      const sent = await answer

      if (onWay === answer) {
        undo.value = sent.decisions.length === 0 ? null : sent
        onWay = null
      }
      list.refill()
    } catch (error) {
      onWay = onWay === answer ? null : onWay
      skipped.value = [...skipped.value, `${work.title}：${failureText(error)}`]
      await bringBack()
    }
  }

  // One decision for all that are selected; what could not be decided is named with its reason.
  async function sendMany(action: Action, reasons: string[], note: string): Promise<void> {
    const many = works.value.filter((work) => selected.value.includes(work.id)).slice(0, BULK_MOST)

    asking.value = undo.value = null
    try {
      const { done, skipped: left } = await confirmed(() => decideMany(many, action, reasons, note))
      const titleOf = (id: string): string => many.find((work) => work.id === id)?.title ?? ''

      skipped.value = left.map((one) => `${titleOf(one.id)}：${one.detail}`)
      undo.value = {
        works: done.map((one) => one.id), decisions: done.map((one) => one.decision), text: `已${ACTION_NAMES[action]} ${done.length} 件`,
      }
      selected.value = []
      await list.load()
      chosenId.value = chosen.value?.id ?? works.value[0]?.id ?? ''
    } catch (error) {
      failure.value = failureText(error)
    }
  }

  // The latest decision, also while its answer is on its way; one that was refused has come back by itself.
  async function takeBack(): Promise<void> {
    const latest = onWay ?? Promise.resolve(undo.value)

    undo.value = onWay = null
    const sent = await latest.catch(() => null)
    if (sent === null || sent.decisions.length === 0) {
      return
    }
    const outcomes = await Promise.allSettled(sent.decisions.map(undoDecision))
    const refused = outcomes.find((one) => one.status === 'rejected')
    list.letIn(sent.works)
    await list.load()
    if (refused !== undefined) {
      failure.value = failureText(refused.reason)
    }
  }

  return { asking, undo, ask, askMany, sendAsked, takeBack }
}

// Most can be taken back; taking down takes effect at once.
async function carryOut(work: Work, action: Action, reasons: string[], note: string, viewedMs: number): Promise<Sent> {
  const sent = { works: [work.id], decisions: [] as string[], text: `已${ACTION_NAMES[action]}：${work.title}` }

  if (action === 'take_down') {
    await takeDown(work.id, note)
    return sent
  }
  return { ...sent, decisions: [(await decide(work, action, reasons, note, viewedMs)).decision] }
}
