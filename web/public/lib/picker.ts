// A button that picks one file from the phone, as the templates have it (class pick).

import type { Submission } from './api'

export function picker(text: string, take: (file: File) => void, { className = 'button wide pick', accept = '' } = {}): HTMLLabelElement {
  const label = document.createElement('label')
  const input = document.createElement('input')

  label.className = className
  input.type = 'file'
  input.accept = accept
  input.addEventListener('change', () => {
    const file = input.files?.[0]

    input.value = ''
    if (file !== undefined) {
      take(file)
    }
  })
  label.append(Object.assign(document.createElement('span'), { textContent: text }), input)
  return label
}

// One for each file that was refused.
export function pickers(place: HTMLElement, refused: NonNullable<Submission['refused']>, replace: (file: File, position: number) => void): void {
  place.replaceChildren(...refused.map(({ position }) => {
    const row = document.createElement('p')

    row.append(picker(`换第 ${position} 个文件`, (file) => replace(file, position)))
    return row
  }))
}
