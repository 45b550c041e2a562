// What can be said of a list of works alone: pure functions, which ask nobody and keep nothing.
import type { Queue } from '../service/queue'
import type { Work } from '../service/work'

// The nearest from there on, else before it, that no colleague has open; when they have all, the one that stands there.
export function nearestFree(works: Work[], at: number): Work | undefined {
  const near = [...works.slice(at), ...works.slice(0, at).reverse()]

  return near.find((work) => work.holder?.me !== false) ?? near[0]
}

// With the next page behind it; what moved between the two pages stands once.
export function continued(works: Work[], items: Work[]): Work[] {
  const known = new Set(works.map((work) => work.id))

  return [...works, ...items.filter((work) => !known.has(work.id))]
}

// The list with its first page as that is now. What was decided or withdrawn elsewhere leaves, what is new stands at the end, what
// comes behind that page stays. Of the open work only its holder is taken.
export function followed(works: Work[], page: Queue, openId: string | undefined): Work[] {
  const fresh = new Map(page.items.map((work) => [work.id, work]))
  const last = page.items[page.items.length - 1]?.id
  const end = page.next === null ? works.length : works.findIndex((work) => work.id === last) + 1

  // signed addresses of an item that did not change stay, or its pictures would be fetched again
  return works.flatMap((work, i) => {
    const now = fresh.get(work.id)
    fresh.delete(work.id)
    return work.id === openId || (now === undefined && i >= end) ? [{ ...work, holder: now?.holder }]
      : now === undefined ? [] : [now.version === work.version ? { ...work, holder: now.holder } : now]
  }).concat([...fresh.values()])
}

// Those of `ids` that stand in both lists, each in the same version.
export function unchanged(ids: string[], before: Work[], now: Work[]): string[] {
  const versionIn = (list: Work[], id: string): number | undefined => list.find((work) => work.id === id)?.version

  return ids.filter((id) => versionIn(now, id) !== undefined && versionIn(now, id) === versionIn(before, id))
}
