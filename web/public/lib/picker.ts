// A button that picks one file from the phone, as the templates have it (class pick).

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
