// Every hotkey of the review desk, in one table; the help dialog is made from it. Keys are deaf in fields, in dialogs
// and with modifiers; each can be given another key, and all can be switched off (WCAG 2.1.4).

export type Command =
  | 'next' | 'previous' | 'another' | 'play' | 'back' | 'forward' | 'frame' | 'approve' | 'return' | 'escalate' | 'send-back' | 'edit' | 'select'
  | 'note' | 'compare' | 'undo' | 'search' | 'help'

interface Hotkey {
  keys: string[]
  shown: string
  command: Command
  text: string
  repeats?: boolean // while it is held down
}

export const KEYS: readonly Hotkey[] = [
  { keys: ['j'], shown: 'J', command: 'next', text: '下一件', repeats: true },
  { keys: ['k'], shown: 'K', command: 'previous', text: '上一件', repeats: true },
  { keys: ['g'], shown: 'G', command: 'another', text: '换一件没人在审的' },
  { keys: [' '], shown: '空格', command: 'play', text: '播放、暂停' },
  { keys: ['arrowleft'], shown: '←', command: 'back', text: '退 5 秒', repeats: true },
  { keys: ['arrowright'], shown: '→', command: 'forward', text: '进 5 秒', repeats: true },
  { keys: ['1', '2', '3', '4', '5', '6', '7', '8'], shown: '1–8', command: 'frame', text: '跳到分镜' },
  { keys: ['a'], shown: 'A', command: 'approve', text: '通过' },
  { keys: ['r'], shown: 'R', command: 'return', text: '退回' },
  { keys: ['u'], shown: 'U', command: 'escalate', text: '拿不准，上报' },
  { keys: ['b'], shown: 'B', command: 'send-back', text: '退回初审' },
  { keys: ['e'], shown: 'E', command: 'edit', text: '改名称和说明' },
  { keys: ['x'], shown: 'X', command: 'select', text: '选中，批量用' },
  { keys: ['n'], shown: 'N', command: 'note', text: '记一笔' },
  { keys: ['d'], shown: 'D', command: 'compare', text: '和相似的作品放在一起看' },
  { keys: ['z'], shown: 'Z', command: 'undo', text: '撤销刚才的决定' },
  { keys: ['/'], shown: '/', command: 'search', text: '找一件作品' },
  { keys: ['?'], shown: '?', command: 'help', text: '看快捷键' },
]

const SWITCH = 'xuepai-keys'
const OWN = 'xuepai-own-keys'
const NAMES: Record<string, string> = { ' ': '空格', arrowleft: '←', arrowright: '→', arrowup: '↑', arrowdown: '↓' }

function ownKeys(): Partial<Record<Command, string>> {
  try {
    return JSON.parse(localStorage.getItem(OWN) ?? '{}') as Partial<Record<Command, string>>
  } catch {
    return {}
  }
}

// The table as this person has it.
export function hotkeys(): Hotkey[] {
  const own = ownKeys()

  return KEYS.map((row) => {
    const key = own[row.command]
    return key === undefined ? row : { ...row, keys: [key], shown: NAMES[key] ?? key.toUpperCase() }
  })
}

// False when another command has the key already.
export function giveKey(command: Command, key: string): boolean {
  const isTaken = hotkeys().some((row) => row.command !== command && row.keys.includes(key))

  if (!isTaken) {
    localStorage.setItem(OWN, JSON.stringify({ ...ownKeys(), [command]: key }))
  }
  return !isTaken
}

export function forgetOwnKeys(): void {
  localStorage.removeItem(OWN)
}

export function keysAreOn(): boolean {
  return localStorage.getItem(SWITCH) !== 'off'
}

export function switchKeys(on: boolean): void {
  localStorage.setItem(SWITCH, on ? 'on' : 'off')
}

function isTaken(event: KeyboardEvent): boolean {
  const target = event.target as HTMLElement
  const isField = target.matches('input:not([type=checkbox]), select, textarea, [contenteditable]')
  const pressesIt = event.key === ' ' && target.matches('button, a, summary, video, input')

  return isField || pressesIt || event.ctrlKey || event.altKey || event.metaKey || event.isComposing ||
    document.querySelector('dialog[open]') !== null
}

export function commandOf(event: KeyboardEvent): { command: Command; key: string } | null {
  const key = event.key.toLowerCase()
  const row = hotkeys().find((one) => one.keys.includes(key))

  return row === undefined || (event.repeat && row.repeats !== true) || isTaken(event) || !keysAreOn() ? null : { command: row.command, key }
}
