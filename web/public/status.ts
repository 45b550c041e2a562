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
const messages = document.getElementById('messages') as HTMLElement
const confirmation = document.getElementById('confirm') as HTMLDialogElement

let pin = location.hash.slice(1)
let timer = 0
let typing = false // what stands in the boxes is the reader's
let current: Submission | null = null
let resuming = false
let editor: import('./lib/photos').PhotoEditor | null = null
let editedRevision: number | undefined
let drawnRevision: number | undefined
let showCover: ((work: Submission) => void) | null = null

function part<T extends HTMLElement>(name: string): T {
  return card.querySelector(`[data-${name}]`) as T
}

function tell(element: HTMLElement, text: string): void {
  if (element.textContent !== text) {
    element.textContent = text
  }
  element.hidden = text === ''
}

function tellFailure(error: unknown, text: string): void {
  tell(part('error'), error instanceof Problem ? error.detail : text)
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
  tell(part('ahead'), work.ahead_text ?? '')
  showReason(work)
  showMessages(work)
  part('published').hidden = work.url === undefined || work.url === null
  ;(part('published').firstElementChild as HTMLAnchorElement).href = work.url ?? ''
  part('withdraw').hidden = !work.actions.includes('withdraw')
  part('road').hidden = at < 0
  showChanges(work)
  part('family').hidden = work.family_url === undefined
  ;(part('family').firstElementChild as HTMLAnchorElement).href = work.family_url ?? ''
  part('award').hidden = work.status !== 'published'
  Array.from(part('road').children).forEach((step, i) => {
    step.className = i < at ? 'done' : i === at ? 'now' : ''
    if (i === at) {
      step.setAttribute('aria-current', 'step')
    } else {
      step.removeAttribute('aria-current')
    }
  })
}

// Why it came back: every reason with how to mend it, and what the reviewer wrote.
function showReason(work: Submission): void {
  const note = work.reason?.note ?? ''

  part('reason').hidden = work.reason === undefined
  part('reasons').replaceChildren(
    ...(work.reason?.all ?? []).map((one) => {
      const row = document.createElement('li')

      row.append(textIn('b', one.label), textIn('span', one.text))
      return row
    }),
  )
  tell(part('note'), note === '' ? '' : `工作人员的话：${note}`)
}

function textIn(name: string, text: string): HTMLElement {
  const element = document.createElement(name)

  element.textContent = text
  return element
}

// Only what is new is added, so that a screen reader says just that.
function showMessages(work: Submission): void {
  const talk = messages.querySelector('[data-talk]') as HTMLElement
  const all = work.messages ?? []

  messages.hidden = false
  ;(messages.querySelector('[data-silence]') as HTMLElement).hidden = all.length > 0
  for (const one of all.slice(talk.children.length)) {
    const row = document.createElement('li')

    row.className = one.is_own ? 'own' : ''
    row.append(textIn('b', one.author), ' ', textIn('small', one.made_text), textIn('p', one.text))
    talk.append(row)
  }
}

async function sendMessage(box: HTMLTextAreaElement): Promise<void> {
  const failure = document.getElementById('message-error') as HTMLElement
  const sent = messages.querySelector('[data-sent]') as HTMLElement
  const text = box.value.trim()

  tell(failure, text === '' ? '请先写几个字。' : '')
  tell(sent, '')
  if (text === '') {
    box.focus()
    return
  }
  try {
    await request('POST', `submissions/${encodeURIComponent(code)}/messages`, { text }, headers())
    box.value = ''
    tell(sent, '发出去了。工作人员看到后会在这里答复您。')
    void poll(POLL_FIRST_MS)
  } catch (error) {
    tell(failure, error instanceof Problem ? error.detail : '没有发出去，请再试一次。')
  }
}

/* what may be changed */

function showChanges(work: Submission): void {
  const kept = work.scopes ?? []

  current = work
  showRefused(work)
  part('replace').hidden = !work.actions.includes('replace') || (work.refused ?? []).length > 0
  part('edit').hidden = !work.actions.includes('edit')
  part('resume').hidden = (work.uploads ?? []).length === 0 || resuming
  part('photos').hidden = !work.actions.includes('edit') || (work.photos ?? []).length === 0
  part('cover').hidden = !work.actions.includes('edit') || !work.cover
  showCover?.(work)
  part('subtitles').hidden = ((work.photos ?? []).length > 0 && !work.photos?.some((one) => one.kind === 'video')) || ['failed', 'declined', 'withdrawn', 'taken_down'].includes(work.status)
  part('scopes').hidden = kept.length === 0 || ['withdrawn', 'taken_down'].includes(work.status)
  part<HTMLDetailsElement>('replace').open ||= work.status === 'returned' && work.actions.includes('replace')
  if (!typing) {
    box('title').value = work.title ?? ''
    box('words').value = work.words ?? ''
    card.querySelectorAll<HTMLInputElement>('[name=scope]').forEach((one) => (one.checked = kept.includes(one.value)))
  }
}

// A button for each file that was refused: the others stay as they are. Drawn anew only when it is about other files.
function showRefused(work: Submission): void {
  const refused = work.actions.includes('replace') ? (work.refused ?? []) : []
  const place = part('refused')

  place.hidden = refused.length === 0
  if (!place.hidden && drawnRevision !== work.revision) {
    drawnRevision = work.revision
    void import('./lib/picker').then(({ pickers }) => pickers(place, refused, replaceOne))
  }
}

const replaceOne = (file: File, position: number): void => void replace([file], position)

function box(name: string): HTMLInputElement {
  return card.querySelector(`[name=${name}]`) as HTMLInputElement
}

// One change; what came of it is said, and shown.
async function change(method: string, path: string, body: unknown, done: string | ((work: Submission) => string)): Promise<void> {
  tell(part('error'), '')
  try {
    const work = await request<Submission>(method, `submissions/${encodeURIComponent(code)}${path}`, body, headers())

    typing = false
    show(work)
    tell(part('done'), typeof done === 'string' ? done : done(work))
    void poll(POLL_FIRST_MS)
  } catch (error) {
    tellFailure(error, '没有成功，请再试一次。')
  }
}

async function award(): Promise<void> {
  try {
    await (await import('./lib/award')).award(part('award'), code, headers())
  } catch {
    tell(part('error'), '证书没有取到，请再点一次。')
  }
}

async function goOn(input: HTMLInputElement): Promise<void> {
  const work = current

  tell(part('error'), '')
  if (work === null) {
    return
  }
  part('resume').hidden = resuming = true
  try {
    const { resume } = await import('./lib/resend')
    await resume(Array.from(input.files ?? []), work, (text) => tell(part('done'), text))
    tell(part('done'), '传好了。')
  } catch (error) {
    tell(part('done'), '')
    tellFailure(error, '没有传成功，请再选一次。')
  }
  resuming = false
  input.value = ''
  void poll(POLL_FIRST_MS)
}

part('subtitles').addEventListener('toggle', () => {
  if (part<HTMLDetailsElement>('subtitles').open) {
    void import('./lib/subtitles').then(({ open }) => open(part('clips'), code, headers))
  }
})

async function openPhotos(): Promise<void> {
  const opened = part<HTMLDetailsElement>('photos').open

  if (!opened || current === null || editedRevision === current.revision) {
    return
  }
  const { editPhotos } = await import('./lib/photos')

  editedRevision = current.revision
  editor = editPhotos(part('photo-list'), current, headers, (text) => (part('moved').textContent = text), replaceOne)
}

async function savePhotos(): Promise<void> {
  const changes = editor?.changes()

  if (changes !== undefined) {
    await change(changes.photos === undefined ? 'PATCH' : 'POST', changes.photos === undefined ? '' : '/replace', changes, '改好了，会重新审核。')
    part<HTMLDetailsElement>('photos').open = false
  }
}

// All files anew, or with `position` that one alone.
async function replace(files: File[], position?: number): Promise<void> {
  const positions = position === undefined ? undefined : [position]

  tell(part('error'), '')
  try {
    const { resend } = await import('./lib/resend')
    const uploads = await resend(files, current?.track ?? '', (text) => tell(part('done'), text))

    part<HTMLDetailsElement>('replace').open = part<HTMLDetailsElement>('photos').open = false
    await change('POST', '/replace', { uploads, positions }, '新的文件收到了，会重新审核。')
  } catch (error) {
    tell(part('done'), '')
    tellFailure(error, '没有传成功，请再选一次。')
  }
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
  card.hidden = messages.hidden = true
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
    tellFailure(error, '没有撤回成功，请再试一次。')
  }
}

pinForm.addEventListener('submit', (event) => {
  event.preventDefault()
  pin = (pinForm.elements.namedItem('pin') as HTMLInputElement).value.replace(/\D/g, '')
  void poll(POLL_FIRST_MS)
})
for (const name of ['edit', 'scopes']) {
  part(name).addEventListener('input', () => (typing = true))
}
part('edit').addEventListener('submit', (event) => {
  event.preventDefault()
  void change('PATCH', '', { title: box('title').value.trim(), words: box('words').value.trim() }, '改好了，会重新审核。')
})
part('photos').addEventListener('toggle', () => void openPhotos())
part('cover').addEventListener('toggle', async () => {
  const { open } = await import('./lib/cover')

  await open(part<HTMLDetailsElement>('cover'), current, headers, change, (show) => (showCover = show))
})
part('photos').addEventListener('submit', (event) => {
  event.preventDefault()
  void savePhotos()
})
part('scopes').addEventListener('submit', (event) => {
  const chosen = Array.from(card.querySelectorAll<HTMLInputElement>('[name=scope]:checked'), (one) => one.value)

  event.preventDefault()
  void change('PUT', '/consents', { scopes: ['site', ...chosen] },
    (work) => (work.status === 'in_review' ? '记下了，会重新审核。' : '记下了，马上生效。'))
})
messages.querySelector('form')?.addEventListener('submit', (event) => {
  event.preventDefault()
  void sendMessage(messages.querySelector('textarea') as HTMLTextAreaElement)
})
part('replace').addEventListener('change', (event) => {
  const input = event.target as HTMLInputElement
  const files = Array.from(input.files ?? [])

  input.value = ''
  void replace(files)
})
part('resume').addEventListener('change', (event) => void goOn(event.target as HTMLInputElement))
part('award').querySelector('button')?.addEventListener('click', () => void award())
part('withdraw').addEventListener('click', () => {
  confirmation.showModal()
  confirmation.querySelector<HTMLElement>('[value=no]')?.focus() // what does no harm
})
confirmation.addEventListener('close', () => {
  if (confirmation.returnValue === 'yes') {
    void withdraw()
  }
})
void poll(POLL_FIRST_MS)
