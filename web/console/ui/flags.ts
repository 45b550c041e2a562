// What the machine noticed, in a word or two. An unknown flag is shown as it is.
const FLAGS: Record<string, string> = {
  black: '黑屏', frozen: '定格', silent: '没声音', 'very-dark': '很暗', 'very-quiet': '声音小', portrait: '竖屏',
  hdr: 'HDR', aigc: 'AI 标识', location: '带定位', duplicate: '疑似重复', 'qr-code': '二维码',
}

export const FILTERED = ['duplicate', 'portrait', 'very-quiet', 'silent', 'black', 'frozen', 'aigc', 'qr-code']

export function flagText(flag: string): string {
  return FLAGS[flag] ?? flag
}
