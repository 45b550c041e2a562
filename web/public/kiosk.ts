// A screen in a hall: the works of a region one after the other, for days. Every file is kept in the browser (Cache
// Storage), so the loop goes on without a network; what is no longer on the list is thrown away at the next look.

interface File {
  is_clip: boolean
  src: string
  poster?: string | null // of a clip
  width: number
  height: number
}
interface Entry {
  id: string
  title: string
  city_name: string
  region_name: string
  files: File[]
  is_ai: boolean
}

const LOOK_MS = 10000
const PHOTO_MS = 8000
const PAUSE_MS = 3000 // when there is nothing to show
const STUCK_MS = 20000 // a clip whose picture stands still

const region = document.body.dataset.region ?? ''
const LIST = `/kiosk/${region}/playlist`
const find = <T extends Element>(selector: string): T => document.querySelector(selector) as T
const video = find<HTMLVideoElement>('video.screen')
const picture = find<HTMLImageElement>('img.screen')
const blur = find<HTMLImageElement>('.blur')
const rest = find<HTMLElement>('.rest')
const files = caches.open('xuepai-kiosk-files')

let entries: Entry[] = []
let at = -1
let shown = '' // object URL on the screen

const pictureOf = (file: File): string => file.poster ?? file.src
const filesOf = (entry: Entry): string[] => entry.files.flatMap((file) => [file.src, pictureOf(file)])

function setEntries(list: { items: Entry[] }): void {
  const playing = entries[at]?.id

  entries = list.items
  at = entries.findIndex((entry) => entry.id === playing)
}

// The list anew; without a network the last one, from before a restart too.
async function look(): Promise<void> {
  const cache = await files
  const answer = await fetch(LIST, { cache: 'no-cache' }).catch(() => null)

  find<HTMLElement>('[data-offline]').hidden = answer !== null
  if (answer?.ok === true) {
    await cache.put(LIST, answer.clone())
    setEntries((await answer.json()) as { items: Entry[] })
    await tidy(cache)
    void fill(cache)
  } else if (entries.length === 0) {
    const kept = await cache.match(LIST)
    if (kept !== undefined) {
      setEntries((await kept.json()) as { items: Entry[] })
    }
  }
}

async function tidy(cache: Cache): Promise<void> {
  const wanted = new Set([location.origin + LIST, ...entries.flatMap(filesOf)])

  for (const request of await cache.keys()) {
    if (!wanted.has(request.url)) {
      await cache.delete(request)
    }
  }
  const playing = entries[at]
  if (playing === undefined && shown !== '') {
    skip() // it was taken back while it ran
  }
}

let isFilling = false
async function fill(cache: Cache): Promise<void> {
  if (isFilling) {
    return
  }
  isFilling = true
  try {
    for (const address of entries.flatMap(filesOf)) {
      if ((await cache.match(address)) === undefined) {
        await cache.add(address)
      }
    }
  } catch {
    // the line broke, or the disk is full: what is there is shown, the next look goes on
  }
  isFilling = false
}

// The kept bytes as an address; null when they are not there and cannot be fetched.
async function addressOf(file: string): Promise<string | null> {
  const cache = await files
  const answer = (await cache.match(file)) ?? (await fetch(file).catch(() => null))

  return answer === null || !answer.ok ? null : URL.createObjectURL(await answer.blob())
}

const wait = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms))
let skip: () => void = () => undefined

function show(element: HTMLVideoElement | HTMLImageElement | null, address: string): void {
  const before = shown

  for (const one of [video, picture]) {
    one.hidden = one !== element
  }
  rest.hidden = element !== null
  shown = address
  if (before !== '') {
    URL.revokeObjectURL(before)
  }
}

async function playClip(address: string): Promise<void> {
  video.src = address
  show(video, address)
  await new Promise<void>((done) => {
    let lastTime = -1
    const watch = setInterval(() => {
      if (video.currentTime === lastTime) {
        end()
      }
      lastTime = video.currentTime
    }, STUCK_MS)
    const end = (): void => {
      clearInterval(watch)
      done()
    }
    skip = end
    video.onended = video.onerror = end
    video.play().catch(end)
  })
  video.pause()
}

async function playPhoto(address: string): Promise<void> {
  picture.src = address
  show(picture, address)
  await Promise.race([wait(PHOTO_MS), new Promise<void>((done) => { skip = done })])
}

function tell(entry: Entry): void {
  const next = entries[(at + 1) % entries.length]

  find('[data-title]').textContent = entry.title
  find('[data-place]').textContent = `${entry.city_name}${entry.region_name === entry.city_name ? '' : entry.region_name}${entry.is_ai ? '　含人工智能生成内容' : ''}`
  find('[data-next]').textContent = next === undefined || next === entry ? '' : `下一个：${next.title}`
}

// Beside what is upright, the same picture wide and blurred.
async function fillSides(file: File): Promise<void> {
  blur.hidden = file.height <= file.width
  if (!blur.hidden) {
    const before = blur.src
    blur.src = (await addressOf(pictureOf(file))) ?? ''
    URL.revokeObjectURL(before) // or a day of them would be kept
  }
}

// One work, all its clips and photos; false when nothing of it could be shown.
async function play(entry: Entry): Promise<boolean> {
  let isShown = false

  for (const file of entry.files) {
    const address = await addressOf(file.src)
    if (address !== null && entries.some((one) => one.id === entry.id)) {
      await fillSides(file)
      tell(entry)
      await (file.is_clip ? playClip(address) : playPhoto(address))
      isShown = true
    } else if (address !== null) {
      URL.revokeObjectURL(address)
    }
  }
  return isShown
}

async function loop(): Promise<never> {
  for (let failures = 0; ;) {
    at = entries.length === 0 ? -1 : (at + 1) % entries.length
    const entry = entries[at]
    failures = entry !== undefined && (await play(entry)) ? 0 : failures + 1
    if (failures > entries.length) {
      show(null, '')
      await wait(PAUSE_MS)
      failures = 0
    }
  }
}

// The page itself outlives a restart without a network by its service worker. The policy is what trusted types ask for.
function keepPage(): void {
  const factory = (window as unknown as { trustedTypes?: { createPolicy(name: string, rules: object): { createScriptURL(url: string): string } } }).trustedTypes
  const policy = factory?.createPolicy('kiosk', { createScriptURL: (url: string) => url })

  void navigator.serviceWorker?.register(policy === undefined ? '/kiosk-worker.js' : policy.createScriptURL('/kiosk-worker.js'), { scope: '/kiosk/' })
  // this first visit went past the worker: what the page is made of is kept now
  const parts = [...document.querySelectorAll<HTMLElement>('link[href], script[src], footer img')].map((one) => one.getAttribute('href') ?? one.getAttribute('src') ?? '')
  void caches.open('xuepai-kiosk-page').then((cache) => cache.addAll([location.pathname, ...parts]))
}

keepPage()
void look().then(() => loop())
setInterval(() => void look(), LOOK_MS)

export {} // a module: its names are its own
