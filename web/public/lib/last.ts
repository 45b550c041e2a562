// What this phone sent last time, so that the next work takes fewer taps: who sends, from where, into which track, and what
// was agreed to. The consent is never taken as given: it is said in full above a button that says 同意, and only for the same
// version of the texts. The guardian's consent is asked for each work.

export interface Last {
  fields: Record<string, string> // track, region, name, phone
  consent: string // version of the texts
  chosen: string[] // "name=value" of what was ticked, guardian and licence left out
}

const PLACE = 'xuepai-last'
const KEPT = ['track', 'region', 'name', 'phone']
const CHOICES = ['ai', 'children', 'scope']

export function loadLast(): Last | null {
  try {
    return JSON.parse(localStorage.getItem(PLACE) ?? 'null') as Last | null
  } catch {
    return null
  }
}

export function saveLast(form: HTMLFormElement): void {
  const data = new FormData(form)
  const fields = Object.fromEntries(KEPT.map((name) => [name, String(data.get(name) ?? '')]))
  const chosen = CHOICES.flatMap((name) => data.getAll(name).map((one) => `${name}=${String(one)}`))

  try {
    localStorage.setItem(PLACE, JSON.stringify({ fields, consent: form.dataset.consent, chosen }))
  } catch {
    // full or forbidden
  }
}

export function dropLast(): void {
  try {
    localStorage.removeItem(PLACE)
  } catch {
    // forbidden
  }
}

// Ticks what was chosen then; answers it as sentences, in the form's own words. Empty: it is to be asked anew.
export function chooseAsLast(form: HTMLFormElement, last: Last): string[] {
  if (last.consent !== form.dataset.consent || !last.chosen.some((one) => one.startsWith('children='))) {
    return []
  }
  const inputs = CHOICES.flatMap((name) => Array.from(form.querySelectorAll<HTMLInputElement>(`[name=${name}]`)))
  inputs.forEach((one) => (one.checked = last.chosen.includes(`${one.name}=${one.value}`)))
  const words = (input: HTMLInputElement): string => input.parentElement?.textContent?.trim() ?? ''
  const also = inputs.filter((one) => one.name === 'scope' && one.checked).map(words)
  return [
    last.chosen.includes('children=1') ? '画面里有孩子' : '画面里没有孩子',
    ...inputs.filter((one) => one.name === 'ai' && one.checked).map(words),
    words(form.elements.namedItem('licence') as HTMLInputElement),
    ...(also.length > 0 ? [`还可以用在：${also.join('、')}`] : []),
  ]
}
