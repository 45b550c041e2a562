// The upload page: pick, fill in, send. Bytes move while the form is filled; sending may be pressed before they have
// arrived: the work is then registered at once, with its code, and received at the last byte, also when the page was
// closed between. Without this script the form is sent as it is.

import { Problem, request, type Rules, type Track } from './lib/api'
import { keepAwake } from './lib/awake'
import { type Draft, dropDraft, emptyDraft, loadDraft, saveDraft } from './lib/draft'
import { clearError, showError, splitRegions } from './lib/fields'
import type { Kind } from './lib/judge'
import { chooseAsLast, dropLast, loadLast, saveLast } from './lib/last'
import type { Picked } from './lib/picked'

const SAY_MS = 4000
const SAY_PERCENT = 5

const form = document.getElementById('form') as HTMLFormElement
const send = document.getElementById('send') as HTMLButtonElement
const list = document.getElementById('files') as HTMLUListElement
const filesError = document.getElementById('files-error') as HTMLElement
const formError = document.getElementById('form-error') as HTMLElement
const said = document.getElementById('said') as HTMLElement
const again = document.getElementById('again') as HTMLElement

let draft: Draft = loadDraft()
let files: Picked[] = []
let goesOn = false // what was begun before, from the copy that the phone kept
let wanted = false // 提交 was pressed
let sending = false
let saidMs = 0
let saidPercent = 0

const rules: Promise<Rules> = loadRules()

async function loadRules(): Promise<Rules> {
  for (let waitMs = 1000; ; waitMs = Math.min(30000, waitMs * 2)) {
    try {
      return await request<Rules>('GET', 'rules')
    } catch {
      await new Promise((resolve) => window.setTimeout(resolve, waitMs))
    }
  }
}

function field(name: string): HTMLInputElement {
  const found = form.elements.namedItem(name)
  return (found instanceof RadioNodeList ? found[0] : found) as HTMLInputElement
}

function value(name: string): string {
  const found = form.elements.namedItem(name)
  return (found as RadioNodeList | HTMLInputElement | null)?.value.trim() ?? ''
}

/* what is said */

function tell(element: HTMLElement, text: string): void {
  element.textContent = text
  element.hidden = text === ''
}

// Where the eyes are by now may be far from there: nine photos are long.
function tellFiles(text: string): void {
  tell(filesError, text)
  if (text !== '') {
    filesError.scrollIntoView({ block: 'center' })
  }
}

// Each file's own line changes all the time; this one is read out, so it changes in steps.
function sayProgress(): void {
  const total = files.reduce((sum, one) => sum + one.file.size, 0)
  const percent = Math.floor(files.reduce((sum, one) => sum + one.percent * one.file.size, 0) / Math.max(1, total))
  const now = Date.now()
  const latest = files.find((one) => one.moving) ?? files[files.length - 1]
  const isStep = Math.abs(percent - saidPercent) >= SAY_PERCENT && now - saidMs >= SAY_MS
  const text = latest === undefined ? '' : files.length > 1 && percent < 100 ? `一共传了 ${percent}%。` : latest.text

  if (latest !== undefined && (isStep || !text.startsWith('已传'))) {
    saidMs = now
    saidPercent = percent
    said.textContent = text
  }
}

function showStep(): void {
  const filled = ['title', 'region', 'name', 'phone'].every((name) => value(name) !== '')
  const steps = document.querySelectorAll('#steps li')
  const done = [files.some((one) => one.isWhole), filled, false]
  const now = files.length === 0 ? 0 : filled ? 2 : 1

  steps.forEach((step, i) => (step.className = i === now ? 'now' : done[i] ? 'done' : ''))
}

// A registered work has its files; they are picked again only where one of them is refused or not here.
function showPickers(): void {
  const isSettled = draft.sent !== null && files.length > 0 && files.every((one) => one.problem === null)

  ;(form.querySelector('[data-pickers]') as HTMLElement).hidden = isSettled
  form.querySelector('[data-pickers] .pick')?.classList.toggle('plain', files.length > 0)
  send.classList.toggle('plain', files.length === 0) // one thing to do next
}

// What was begun before is on the page again, all of it; where it goes on by itself, that is said until it has arrived.
function showDraft(): void {
  const begun = Object.keys(draft.uploads)
  const isHere = files.length > 0 && begun.every((fingerprint) => files.some((one) => one.fingerprint === fingerprint))

  if (isHere && !(goesOn && files.some((one) => !one.isWhole))) {
    ;(document.getElementById('draft') as HTMLElement).hidden = true
  }
}

function changed(): void {
  showPickers()
  showDraft()
  keepAwake(files.some((one) => one.moving))
  saveDraft(draft)
  sayProgress()
  showStep()
  if (wanted) {
    void trySend()
  }
}

/* picking */

// What the page offers: the public's tracks, or the one that a unit's link was made for.
const choiceOf = (track: Track): HTMLInputElement | null => form.querySelector(`input[name=track][value="${track.key}"]`)

function trackFor(tracks: Track[], kind: Kind): Track | undefined {
  const offered = tracks.filter((track) => track.open && choiceOf(track) !== null && track.kinds.includes(kind))
  return offered.find((track) => track.key === value('track')) ?? offered[0]
}

function chooseTrack(track: Track): void {
  const choice = choiceOf(track)

  if (choice !== null) {
    choice.checked = true
    clearError(choice)
  }
}

const unit = (): string => (files.every((one) => one.kind === 'photo') ? '张' : '个')

function placeAll(): void {
  files.forEach((one, i) => one.place(i, files.length, unit()))
}

function drop(picked: Picked): void {
  picked.remove()
  files = files.filter((one) => one !== picked)
  placeAll()
  changed()
}

function move(picked: Picked, by: -1 | 1): void {
  const from = files.indexOf(picked)
  const to = from + by

  if (to < 0 || to >= files.length) {
    return
  }
  files.splice(from, 1)
  files.splice(to, 0, picked)
  list.insertBefore(picked.row, list.children[by < 0 ? to : to + 1] ?? null)
  placeAll()
  picked.focus(by)
  said.textContent = `现在是第 ${to + 1} ${unit()}，共 ${files.length} ${unit()}。`
}

// What a picked file needs comes with the first one; without a line it comes with the next try.
async function load(): Promise<typeof import('./lib/picked') | null> {
  try {
    return await import('./lib/picked')
  } catch {
    tellFiles('网络断开了，请连上网再选一次。')
    return null
  }
}

async function pick(file: File, hint: string): Promise<void> {
  const parts = await load()

  if (parts === null) {
    return
  }
  const kind = parts.kindOf(file, hint)
  const track = kind === null ? undefined : trackFor((await rules).tracks, kind)
  const wrong = parts.refusal(file, kind, track)

  if (wrong !== '' || kind === null || track === undefined) {
    tellFiles(wrong)
    return
  }
  if (track.max_files === 1 || files.some((one) => !track.kinds.includes(one.kind))) {
    files.slice().forEach(drop)
  }
  if (files.length >= Math.max(1, track.max_files)) {
    tellFiles(`最多 ${track.max_files} ${unit()}，多的没有加进来。`)
    return
  }
  const picked = new parts.Picked(file, kind, { draft, changed }, drop, move)
  files.push(picked)
  list.append(picked.row)
  placeAll()
  chooseTrack(track)
  const tooLong = parts.lengthRefusal(await picked.preview(), track)
  if (tooLong !== '') {
    drop(picked)
    tellFiles(tooLong)
    return
  }
  await picked.start(track)
  changed()
}

async function pickAll(input: HTMLInputElement): Promise<void> {
  const chosen = Array.from(input.files ?? [])
  const isNamedNext = chosen.length === 1 && input.dataset.kind === 'video' && value('title') === ''

  input.value = ''
  tellFiles('')
  if (isNamedNext) {
    field('title').focus() // as said below the button: a tap less. At once, as only then a phone shows its keyboard
  }
  for (const file of chosen) {
    await pick(file, input.dataset.kind ?? '')
  }
  if (isNamedNext && files.length === 0 && document.activeElement === field('title')) {
    input.focus() // refused: another one is to be picked
  }
}

/* the form */

function showGuardian(): void {
  ;(document.getElementById('guardian-box') as HTMLElement).hidden = value('children') !== '1'
}

const NEEDED: [name: string, isWrong: () => boolean, text: string][] = [
  ['track', () => value('track') === '', '请选择作品类别。'],
  ['title', () => value('title') === '', '请给作品起个名字。'],
  ['region', () => value('region') === '', '请选择所在的市和县（市、区）。'],
  ['name', () => value('name') === '', '请填写联系人姓名。'],
  ['phone', () => !/^1\d{10}$/.test(value('phone').replace(/[\s-]/g, '')), '手机号不对，请填写 11 位手机号。'],
  ['children', () => value('children') === '', '请选一下画面里有没有孩子。'],
  ['guardian', () => value('children') === '1' && !field('guardian').checked, '画面里有孩子时，需要监护人勾选同意。'],
  ['licence', () => !field('licence').checked, '请先勾选同意展示这件作品。'],
]

function isComplete(): boolean {
  let first: HTMLElement | null = null

  if (files.length === 0) {
    tellFiles('请先选一段视频或照片。')
    first = form.querySelector<HTMLElement>('[data-kind]')
  }
  for (const [name, isWrong, text] of NEEDED) {
    clearError(field(name))
    if (isWrong()) {
      showError(field(name), text)
      first = first ?? (name === 'region' && field(name).disabled ? document.getElementById('city') : field(name))
    }
  }
  first?.focus()
  return first === null
}

function scopes(): string[] {
  return ['site', ...Array.from(form.querySelectorAll<HTMLInputElement>('[name=scope]:checked'), (one) => one.value)]
}

function body(): Record<string, unknown> {
  return {
    uploads: files.map((one) => one.uploadId),
    track: value('track'),
    title: value('title'),
    words: value('words'),
    captions: files.length > 1 || files[0]?.kind === 'photo' ? files.map((one) => one.caption) : undefined,
    region: value('region'),
    link: value('link') || undefined,
    name: value('name'),
    phone: value('phone').replace(/[\s-]/g, ''),
    phone_code: value('phone_code') || undefined,
    ai: value('ai') === '1',
    children: value('children') === '1',
    consents: { licence: field('licence').checked, guardian: field('guardian').checked, scopes: scopes() },
  }
}

const sendText = (): string => (again.hidden ? '提交作品' : '同意并提交')

function release(text: string): void {
  sending = false
  wanted = draft.sent !== null
  send.textContent = sendText()
  if (wanted) {
    tellFiles(`${text}可以在这里换一个文件，编号不变。`)
  } else {
    tell(formError, text)
  }
}

// Registers the work, or, where the files are others by now, gives the registered one these.
async function register(uploads: string): Promise<void> {
  if (draft.sent === null) {
    const answer = await request<{ code: string; pin: string }>('POST', 'submissions', body(), { 'Idempotency-Key': draft.key })
    draft.sent = { code: answer.code, pin: answer.pin, uploads }
    saveLast(form)
  } else {
    const { uploads: ids, captions } = body()
    await request('POST', `submissions/${draft.sent.code}/replace`, { uploads: ids, captions })
    draft.sent.uploads = uploads
  }
  saveDraft(draft)
  showSent()
}

async function trySend(): Promise<void> {
  const refused = files.find((one) => one.problem !== null)
  const uploads = files.map((one) => one.uploadId).join()

  if (refused?.problem) {
    release(refused.problem.detail)
    return
  }
  if (sending || files.length === 0 || files.some((one) => one.uploadId === '')) {
    send.textContent = '等传完自动提交…'
    return
  }
  try {
    if (draft.sent?.uploads !== uploads) {
      sending = true
      send.textContent = '正在提交…'
      await register(uploads)
      sending = false
    }
    if (draft.sent !== null && files.every((one) => one.isWhole)) {
      showReceipt(draft.sent.code, draft.sent.pin)
    }
  } catch (error) {
    if (error instanceof Problem && error.status !== 0) {
      draft.key = emptyDraft().key // another try may say something else
    }
    release(error instanceof Problem ? error.detail : '没有提交成功，请再点一次“提交作品”。')
    if (error instanceof Problem && error.code.startsWith('phone-code')) {
      showError(field('phone_code'), error.detail)
      field('phone_code').focus()
    }
  }
}

// Where the installation sends SMS, a number is shown by a code.
async function sendCode(): Promise<void> {
  const told = document.getElementById('code-said') as HTMLElement

  try {
    await request('POST', 'phone/codes', { phone: value('phone') })
    told.textContent = '验证码已发到您的手机，5 分钟内有效。'
    field('phone_code').focus()
  } catch (error) {
    told.textContent = error instanceof Problem ? error.detail : '没有发出去，请再点一次。'
  }
}

// Registered, and the bytes still on their way: what was filled in stands, only the files remain on the screen.
function showSent(): void {
  const box = document.getElementById('sent') as HTMLElement

  ;(box.querySelector('[data-registered]') as HTMLElement).textContent = draft.sent?.code ?? ''
  showPickers()
  if (box.hidden) {
    box.hidden = false
    form.querySelectorAll<HTMLElement>('[data-filled]').forEach((card) => (card.hidden = true))
    ;(document.getElementById('card-1') as HTMLElement).textContent = '正在传的文件'
    ;(box.firstElementChild as HTMLElement).focus()
  }
}

function showReceipt(code: string, pin: string): void {
  const receipt = document.getElementById('receipt') as HTMLElement
  const put = (name: string, text: string): void => {
    ;(receipt.querySelector(`[data-${name}]`) as HTMLElement).textContent = text
  }

  wanted = false
  files = []
  draft.sent = null
  void forget()
  put('code', code)
  put('pin', `${pin.slice(0, 3)} ${pin.slice(3)}`)
  ;(receipt.querySelector('[data-link]') as HTMLAnchorElement).href = `/status/${encodeURIComponent(code)}#${pin}`
  const picture = receipt.querySelector('[data-picture]') as HTMLImageElement
  picture.onload = () => (picture.hidden = false)
  picture.src = `/api/v1/submissions/${encodeURIComponent(code)}/receipt.png`
  document.querySelectorAll('#steps li').forEach((step) => (step.className = 'done'))
  form.hidden = true
  receipt.hidden = false
  ;(document.getElementById('receipt-title') as HTMLElement).focus()
}

/* coming back */

const filledOf = (fields: Record<string, string>): Record<string, string> =>
  Object.fromEntries(Object.entries(fields).filter(([, text]) => text !== ''))

// Who sent before finds that filled in, and what was agreed to said again.
function offerLast(): void {
  const last = loadLast()
  const sentences = last === null ? [] : chooseAsLast(form, last)

  if (last !== null) {
    const place = new URLSearchParams(location.search).get('c') ?? ''
    const { region = '', ...fields } = last.fields
    const isThere = region.startsWith(place.slice(0, 4)) && value('region') === ''
    draft.fields = { ...filledOf(fields), region: isThere ? region : value('region'), ...filledOf(draft.fields) }
  }
  document.getElementById('again-list')?.append(
    ...sentences.map((text) => Object.assign(document.createElement('li'), { textContent: text })),
  )
  showAgain(sentences.length > 0)
}

function showAgain(isSame: boolean): void {
  again.hidden = !isSame
  form.querySelectorAll<HTMLElement>('[data-asked]').forEach((box) => (box.hidden = isSame))
  send.textContent = sendText()
}

function restore(): void {
  const unfinished = Object.values(draft.uploads)[0]
  const title = draft.fields.title

  for (const [name, text] of Object.entries(filledOf(draft.fields))) {
    if (name === 'region') {
      field(name).dispatchEvent(new CustomEvent('restore', { detail: text }))
    } else if (name === 'track' || field(name)?.type !== 'radio') {
      const found = form.elements.namedItem(name) as HTMLInputElement | null
      if (found !== null) {
        found.value = text
      }
    }
  }
  if (draft.sent !== null) {
    wanted = true
    showSent()
  }
  if (unfinished !== undefined) {
    const text = document.getElementById('draft-text') as HTMLElement
    text.textContent = `“${title || unfinished.name}”传到了 ${unfinished.percent}%。请再选一次同一个文件，会接着传。`
    ;(document.getElementById('draft') as HTMLElement).hidden = false
    void goOn(text)
  }
}

// Where the phone kept a copy, nobody has to pick again.
async function goOn(text: HTMLElement): Promise<void> {
  const spool = await import('./lib/spool').catch(() => null)
  const kept: File[] = []

  for (const fingerprint of Object.keys(draft.uploads)) {
    const file = await spool?.find(fingerprint)
    if (file) {
      kept.push(file)
    }
  }
  if (kept.length > 0 && files.length === 0) {
    goesOn = true
    text.textContent = '上次没传完的，正在接着传，不用重选。'
    for (const file of kept) {
      await pick(file, '')
    }
  }
}

// Who begins anew after registering does not want that work.
async function takeBack(): Promise<void> {
  if (draft.sent !== null) {
    await request('DELETE', `submissions/${draft.sent.code}`).catch(() => undefined) // it expires by itself
  }
}

async function forget(): Promise<void> {
  dropDraft()
  await import('./lib/spool').then((spool) => spool.clear()).catch(() => undefined)
}

function keepFields(): void {
  for (const name of ['track', 'title', 'words', 'region', 'name', 'phone']) {
    draft.fields[name] = value(name)
  }
  saveDraft(draft)
  showStep()
}

function start(): void {
  form.noValidate = true
  form.classList.add('live')
  splitRegions(document.getElementById('city') as HTMLSelectElement, field('region') as unknown as HTMLSelectElement)
  offerLast()
  restore()
  showPickers()
  showGuardian()
  for (const input of form.querySelectorAll<HTMLInputElement>('input[type=file]')) {
    input.addEventListener('change', () => void pickAll(input))
  }
  form.addEventListener('input', (event) => {
    clearError(event.target as HTMLInputElement)
    showGuardian()
    keepFields()
  })
  form.addEventListener('submit', (event) => {
    event.preventDefault()
    tell(formError, '')
    field('licence').checked ||= !again.hidden // the button says so
    if (isComplete()) {
      wanted = true
      void trySend()
    }
  })
  document.getElementById('code-send')?.addEventListener('click', () => void sendCode())
  document.getElementById('again-change')?.addEventListener('click', () => {
    showAgain(false)
    field('licence').checked = false
    field('ai').focus()
  })
  document.getElementById('again-forget')?.addEventListener('click', () => {
    dropLast()
    void forget().then(() => location.reload())
  })
  document.getElementById('draft-drop')?.addEventListener('click', () => {
    void takeBack().then(forget).then(() => location.reload())
  })
  window.addEventListener('beforeunload', (event) => {
    if (files.some((one) => one.moving)) {
      event.preventDefault()
    }
  })
}

if (form !== null) {
  start()
}
