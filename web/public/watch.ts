// The page of one work: 发给家人 and 复制. Playing needs no script.

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
