// On every page: switches 大字版 without a new page, and reads the page aloud where the phone can.
// Without this script the same link asks the service to set the cookie.

const YEAR_SECONDS = 365 * 24 * 3600

function switchElder(link: HTMLAnchorElement): void {
  const on = document.documentElement.classList.toggle('elder')
  const address = new URL(link.href)

  document.cookie = `elder=${on ? 1 : 0}; path=/; max-age=${YEAR_SECONDS}; samesite=lax`
  link.textContent = on ? '标准版' : '大字版'
  address.searchParams.set('on', on ? '0' : '1')
  link.href = address.href
}

function readAloud(button: HTMLButtonElement): void {
  const voice = window.speechSynthesis

  if (voice.speaking) {
    voice.cancel()
    return
  }
  const text = new SpeechSynthesisUtterance(document.querySelector('main')?.innerText ?? '')
  text.lang = 'zh-CN'
  text.rate = 0.9
  text.onend = text.onerror = () => (button.textContent = '朗读')
  button.textContent = '停止'
  voice.speak(text)
}

document.querySelector<HTMLAnchorElement>('[data-elder]')?.addEventListener('click', (event) => {
  event.preventDefault()
  switchElder(event.currentTarget as HTMLAnchorElement)
})

const reader = document.querySelector<HTMLButtonElement>('[data-read]')
if (reader !== null && 'speechSynthesis' in window) {
  reader.hidden = false
  reader.addEventListener('click', () => readAloud(reader))
}
