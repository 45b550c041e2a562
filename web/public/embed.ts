// /embed.js, for other sites: <xuepai-video vid="…" ratio="9/16"></xuepai-video> becomes a light frame.
// A plain script (no import, no export), so that <script src> works everywhere. No cookies.

{
  const home = new URL((document.currentScript as HTMLScriptElement | null)?.src ?? location.href).origin

  class XuepaiVideo extends HTMLElement {
    connectedCallback(): void {
      const frame = document.createElement('iframe')

      frame.src = `${home}/embed/${encodeURIComponent(this.getAttribute('vid') ?? '')}`
      frame.title = this.getAttribute('title') ?? '学拍作品'
      frame.allow = 'fullscreen; picture-in-picture'
      frame.loading = 'lazy'
      frame.style.cssText = 'display:block;width:100%;height:100%;border:0'
      this.style.cssText = `display:block;width:100%;aspect-ratio:${this.getAttribute('ratio') ?? '16/9'}`
      this.replaceChildren(frame)
    }
  }

  if (customElements.get('xuepai-video') === undefined) {
    customElements.define('xuepai-video', XuepaiVideo)
  }
}
