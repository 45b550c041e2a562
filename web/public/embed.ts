// /embed.js, for other sites (docs/EMBEDDING.md):
//   <xuepai-video vid="…" ratio="9/16"></xuepai-video>           a light frame; play(), pause(), seek(); its events
//   <xuepai-gallery region="370100" limit="12"></xuepai-gallery>  posters, each a player when it is pressed
// A plain script (no import, no export), so that <script src> works everywhere. No cookies.

{
  const home = new URL((document.currentScript as HTMLScriptElement | null)?.src ?? location.href)
  const key = home.searchParams.get('key')
  const PASSED = ['start', 'end', 'loop', 'muted', 'autoplay', 'controls', 'color', 'lang']

  class XuepaiVideo extends HTMLElement {
    readonly frame = document.createElement('iframe')

    connectedCallback(): void {
      const address = new URL(`/embed/${encodeURIComponent(this.getAttribute('vid') ?? '')}`, home)

      for (const name of PASSED) {
        const value = this.getAttribute(name)
        if (value !== null) {
          address.searchParams.set(name, value === '' ? '1' : value)
        }
      }
      if (key !== null) {
        address.searchParams.set('key', key)
      }
      this.frame.src = address.href
      this.frame.title = this.getAttribute('title') ?? '学拍作品'
      this.frame.allow = 'autoplay; fullscreen; picture-in-picture'
      this.frame.loading = 'lazy'
      this.frame.style.cssText = 'display:block;width:100%;height:100%;border:0'
      const ratio = /^\d+\/\d+$/.test(this.getAttribute('ratio') ?? '') ? this.getAttribute('ratio') : '16/9'
      this.style.cssText = `display:block;width:100%;min-width:0;max-width:calc(90vh*${ratio});margin:0 auto;aspect-ratio:${ratio}` // never taller than the window
      this.replaceChildren(this.frame)
      addEventListener('message', this)
    }

    disconnectedCallback(): void {
      removeEventListener('message', this)
    }

    handleEvent({ source, data }: MessageEvent<{ xuepai?: string } | null>): void {
      if (source !== null && source === this.frame.contentWindow && data?.xuepai !== undefined) {
        this.dispatchEvent(new CustomEvent(data.xuepai, { detail: data }))
      }
    }

    private order(xuepai: string, value?: unknown): void {
      this.frame.contentWindow?.postMessage({ xuepai, value }, home.origin)
    }

    play(): void { this.order('play') }
    pause(): void { this.order('pause') }
    seek(seconds: number): void { this.order('seek', seconds) }
  }

  interface Listed {
    id: string
    title: string
    thumbnail: string | null
    width: number
    height: number
    embed_url: string | null
  }

  class XuepaiGallery extends HTMLElement {
    async connectedCallback(): Promise<void> {
      const address = new URL('/api/v1/works', home)

      for (const name of ['region', 'track', 'q', 'limit']) {
        address.searchParams.set(name, this.getAttribute(name) ?? (name === 'limit' ? '12' : ''))
      }
      this.style.cssText = 'display:grid;gap:12px;align-items:start;grid-template-columns:repeat(auto-fill,minmax(min(100%,220px),1fr))'
      const answer = await fetch(address.href)
      const { items } = (await answer.json()) as { items: Listed[] }
      this.replaceChildren(...items.filter((one) => one.embed_url !== null).map((one) => this.tile(one)))
    }

    private tile(work: Listed): HTMLElement {
      const button = document.createElement('button')
      const picture = document.createElement('img')
      const ratio = `${work.width || 16}/${work.height || 9}`

      button.style.cssText = 'display:block;padding:0;border:0;background:none;font:inherit;color:inherit;text-align:left;cursor:pointer'
      picture.src = work.thumbnail ?? ''
      picture.alt = ''
      picture.loading = 'lazy'
      picture.style.cssText = `display:block;width:100%;aspect-ratio:${ratio};object-fit:cover;border-radius:10px`
      button.append(picture, work.title)
      button.onclick = () => {
        const player = document.createElement('xuepai-video')
        for (const [name, value] of Object.entries({ vid: work.id, ratio, title: work.title })) {
          player.setAttribute(name, value)
        }
        button.replaceWith(player)
      }
      return button
    }
  }

  for (const [name, element] of Object.entries({ 'xuepai-video': XuepaiVideo, 'xuepai-gallery': XuepaiGallery })) {
    if (customElements.get(name) === undefined) {
      customElements.define(name, element)
    }
  }
}
