// How many works wait. Owns the counts as they were last read; where they cannot be read, the last ones stay. It never looks at the list.
import { computed, type ComputedRef, type Ref, ref } from 'vue'
import { type Count, readCounts } from '../service/queue'

export interface Counts {
  counts: Readonly<Ref<Count[]>>
  samples: Readonly<Ref<number>> // in the province's sample
  waiting: ComputedRef<number> // this person's
  oldestMs: ComputedRef<number> // since when the oldest of them waits
  count: () => Promise<void>
}

export function useCounts(): Counts {
  const counts = ref<Count[]>([])
  const samples = ref(0)
  const own = computed(() => counts.value.filter((one) => one.mine))
  const waiting = computed(() => own.value.reduce((all, one) => all + one.waiting, 0))
  const oldestMs = computed(() => Math.min(...own.value.map((one) => one.oldest_ms), Date.now()))

  async function count(): Promise<void> {
    ;({ items: counts.value, samples: samples.value } = await readCounts().catch(() => ({ items: counts.value, samples: samples.value })))
  }

  return { counts, samples, waiting, oldestMs, count }
}
