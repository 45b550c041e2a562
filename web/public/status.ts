// The page of one receipt: asks how the work is getting on, and takes it back. Without this script the page shows what
// the service knew when it was opened.

import { Problem, request, type Submission } from './lib/api'

const POLL_FIRST_MS = 3000
const POLL_LAST_MS = 30000
const ROAD: Record<string, number> = {
  draft: 0, uploading: 0, received: 0, processing: 1, failed: 1,
  in_review: 2, approved: 2, returned: 2, declined: 2, published: 4,
}
const ENDED = ['published', 'declined', 'withdrawn', 'taken_down']

const page = document.getElementById('status') as HTMLElement
const code = page.dataset.code ?? ''
const pinForm = document.getElementById('pin-form') as HTMLFormElement
const card = document.getElementById('card') as HTMLElement
const confirmation = document.getElementById('confirm') as HTMLDialogElement

let pin = location.hash.slice(1)
let timer = 0

function part<T extends HTMLElement>(name: string): T {
  return card.querySelector(`[data-${name}]`) as T
}

function tell(element: HTMLElement, text: string): void {
  if (element.textContent !== text) {
    element.textContent = text
  }
  element.hidden = text === ''
}

function headers(): Record<string, string> {
  return pin === '' ? {} : { 'X-Pin': pin }
}

function show(work: Submission): void {
  const at = ROAD[work.status] ?? -1

  pinForm.hidden = true
  card.hidden = false
  tell(part('title'), work.title ?? part('title').textContent ?? '')
  tell(part('text'), work.status_text)
  tell(part('reason'), work.reason?.text ?? '')
  part('published').hidden = work.url === undefined || work.url === null
  ;(part('published').firstElementChild as HTMLAnchorElement).href = work.url ?? ''
  part('withdraw').hidden = !work.actions.includes('withdraw')
  part('road').hidden = at < 0
  Array.from(part('road').children).forEach((step, i) => {
    step.className = i < at ? 'done' : i === at ? 'now' : ''
    if (i === at) {
      step.setAttribute('aria-current', 'step')
    } else {
      step.removeAttribute('aria-current')
    }
  })
}

async function poll(waitMs: number): Promise<void> {
  let isOver = false

  window.clearTimeout(timer)
  try {
    const work = await request<Submission>('GET', `submissions/${encodeURIComponent(code)}`, undefined, headers())

    show(work)
    isOver = ENDED.includes(work.status)
  } catch (error) {
    if (error instanceof Problem && [401, 403, 404].includes(error.status)) {
      askPin(pin === '' ? '' : error.detail)
      isOver = true
    }
  }
  if (!isOver) {
    timer = window.setTimeout(() => void poll(Math.min(POLL_LAST_MS, waitMs * 1.5)), waitMs)
  }
}

function askPin(text: string): void {
  pinForm.hidden = false
  card.hidden = true
  tell(document.getElementById('pin-error') as HTMLElement, text)
  if (text !== '') {
    ;(pinForm.elements.namedItem('pin') as HTMLInputElement).focus()
  }
}

async function withdraw(): Promise<void> {
  try {
    await request('DELETE', `submissions/${encodeURIComponent(code)}`, undefined, headers())
    await poll(POLL_FIRST_MS)
  } catch (error) {
    tell(part('error'), error instanceof Problem ? error.detail : '没有撤回成功，请再试一次。')
  }
}

pinForm.addEventListener('submit', (event) => {
  event.preventDefault()
  pin = (pinForm.elements.namedItem('pin') as HTMLInputElement).value.replace(/\D/g, '')
  void poll(POLL_FIRST_MS)
})
part('withdraw').addEventListener('click', () => confirmation.showModal())
confirmation.addEventListener('close', () => {
  if (confirmation.returnValue === 'yes') {
    void withdraw()
  }
})
void poll(POLL_FIRST_MS)
