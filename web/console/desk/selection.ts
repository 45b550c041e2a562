// The works that are to be decided on together. Owns which are selected, and the lines that name what was left out of a decision and
// why. It never reads works and never decides: list.ts says when they have become others, decisions.ts what came of them.
import { type Ref, ref } from 'vue'
import type { Work } from '../service/work'
import { unchanged } from './works'

export interface Selection {
  selected: Ref<string[]>
  skipped: Ref<string[]> // what could not be done, a sentence a work
  toggle: (id: string) => void
  drop: (id: string) => void
  keep: (before: Work[], now: Work[]) => void
}

export function useSelection(): Selection {
  const selected = ref<string[]>([])
  const skipped = ref<string[]>([])

  function drop(id: string): void {
    selected.value = selected.value.filter((one) => one !== id)
  }

  function toggle(id: string): void {
    if (selected.value.includes(id)) {
      drop(id)
    } else {
      selected.value = [...selected.value, id]
    }
  }

  // What was selected and is now another is to be looked at before it is decided on with others; what is gone goes without a word.
  function keep(before: Work[], now: Work[]): void {
    const same = unchanged(selected.value, before, now)

    now.filter((work) => selected.value.includes(work.id) && !same.includes(work.id))
      .forEach((work) => skipped.value.push(`${work.title}：作品刚刚有变化，看过再选。`))
    selected.value = same
  }

  return { selected, skipped, toggle, drop, keep }
}
