// What a link shared from WeChat looks like: title, words and picture of this work. On the page only where the installation
// has an AppID, and it does nothing outside WeChat; nothing of the page needs it.

interface JsSdk {
  config(options: unknown): void
  ready(call: () => void): void
  updateAppMessageShareData(data: unknown): void
  updateTimelineShareData(data: unknown): void
}
interface Policies {
  createPolicy(name: string, rules: { createScriptURL(url: string): string }): { createScriptURL(url: string): string }
}

const SDK = 'https://res.wx.qq.com/open/js/jweixin-1.6.0.js'
const CALLS = ['updateAppMessageShareData', 'updateTimelineShareData']

function load(): Promise<JsSdk> {
  const script = document.createElement('script')
  const policies = (window as unknown as { trustedTypes?: Policies }).trustedTypes

  script.src = policies === undefined ? SDK : policies.createPolicy('wechat', { createScriptURL: () => SDK }).createScriptURL(SDK)
  document.head.append(script)
  return new Promise((done, fail) => {
    script.onload = () => done((window as unknown as { wx: JsSdk }).wx)
    script.onerror = fail
  })
}

function meta(name: string): string {
  return document.querySelector<HTMLMetaElement>(`meta[property="og:${name}"]`)?.content ?? ''
}

async function describe(): Promise<void> {
  const url = location.href.split('#')[0] as string
  const answer = await fetch(`/api/v1/wx/jssdk?url=${encodeURIComponent(url)}`)
  if (!answer.ok) {
    return
  }
  const sdk = await load()
  const data = { title: meta('title'), desc: meta('description'), link: meta('url') || url, imgUrl: meta('image') }

  sdk.config({ ...(await answer.json()), jsApiList: CALLS })
  sdk.ready(() => {
    sdk.updateAppMessageShareData(data)
    sdk.updateTimelineShareData(data)
  })
}

if (navigator.userAgent.includes('MicroMessenger')) {
  describe().catch(() => undefined) // a plain link then
}

export {}
