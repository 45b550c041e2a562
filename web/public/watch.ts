// The page of one work: 发给家人, 复制 and 举报. Playing needs no script.

import { playInline } from './lib/inline'
import { watching } from './lib/watching'

const videos = document.querySelectorAll('video')
const SIGNS = ['pointerenter', 'focus', 'play']

function turn({ target }: Event): void {
  if (target instanceof HTMLVideoElement) {
    SIGNS.forEach((sign) => removeEventListener(sign, turn, true))
    // an entry of its own, named by the page: a bundler's loader would be as large as this file
    import(/* @vite-ignore */ target.dataset.extras as string).catch(() => undefined)
  }
}

SIGNS.forEach((sign) => addEventListener(sign, turn, true))
videos.forEach(playInline)
watching(videos)

const said = document.querySelector<HTMLElement>('[data-said]')

function say(text: string): void {
  if (said !== null) {
    said.textContent = text
    said.className = 'notice'
  }
}

async function copy(text: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text)
    say('已复制。')
  } catch {
    say('请长按文字，自己复制。')
  }
}

async function share(): Promise<void> {
  const link = { title: document.title, url: location.href }

  if (typeof navigator.share !== 'function') {
    await copy(link.url)
    return
  }
  try {
    await navigator.share(link)
  } catch {
    // closed by the person: nothing to say
  }
}

const sharer = document.querySelector<HTMLButtonElement>('[data-share]')
if (sharer !== null) {
  sharer.hidden = false
  sharer.addEventListener('click', () => void share())
}

for (const button of document.querySelectorAll<HTMLButtonElement>('[data-copy]')) {
  const source = document.getElementById(button.dataset.copy ?? '') as HTMLTextAreaElement | null

  button.hidden = false
  button.addEventListener('click', () => {
    source?.select()
    void copy(source?.value ?? '')
  })
}

async function report(work: string, form: HTMLFormElement): Promise<boolean> {
  const answer = await fetch(`/api/v1/works/${work}/reports`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(Object.fromEntries(new FormData(form))),
  })
  if (!answer.ok) {
    say(((await answer.json()) as { detail: string }).detail)
  }
  return answer.ok
}

const reporter = document.querySelector<HTMLDetailsElement>('[data-report]')
if (reporter !== null) {
  const form = reporter.querySelector('form') as HTMLFormElement

  reporter.hidden = false
  form.addEventListener('submit', (event) => {
    event.preventDefault()
    report(reporter.dataset.report ?? '', form).then((isTaken) => {
      if (isTaken) {
        reporter.hidden = true
        say('收到了，谢谢您。工作人员会尽快查看。')
      }
    }, () => say('网络不太好，请稍等，再试一次。'))
  })
}
