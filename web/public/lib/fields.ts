// The form's fields: what is missing, said below the field in plain words; city and county.

type Field = HTMLInputElement | HTMLSelectElement | HTMLTextAreaElement

function box(field: Field): HTMLElement {
  return (field.closest('fieldset') ?? field.closest('div') ?? field.parentElement) as HTMLElement
}

export function clearError(field: Field): void {
  document.getElementById(`error-${field.name}`)?.remove()
  field.removeAttribute('aria-invalid')
}

export function showError(field: Field, text: string): void {
  const line = document.createElement('p')

  clearError(field)
  line.className = 'error'
  line.id = `error-${field.name}`
  line.textContent = text
  box(field).append(line)
  field.setAttribute('aria-invalid', 'true')
  field.setAttribute('aria-describedby', line.id)
}

// Turns the one list of counties, which works without a script, into city and county.
export function splitRegions(city: HTMLSelectElement, county: HTMLSelectElement): void {
  const groups = Array.from(county.querySelectorAll('optgroup'))
  const start = county.value || (new URLSearchParams(location.search).get('c') ?? '')
  const choose = (): void => {
    const group = groups[city.selectedIndex - 1]
    county.replaceChildren(new Option('请选择', ''), ...Array.from(group?.children ?? [], (one) => one.cloneNode(true)))
    county.disabled = group === undefined
  }

  city.append(new Option('请选择', ''), ...groups.map((group) => new Option(group.label)))
  setRegion(start)
  city.addEventListener('change', choose)
  ;(city.closest('[hidden]') as HTMLElement | null)?.removeAttribute('hidden')

  function setRegion(code: string): void {
    const at = groups.findIndex((group) =>
      Array.from(group.children).some((one) => code !== '' && (one as HTMLOptionElement).value.startsWith(code.slice(0, 4))),
    )
    city.selectedIndex = at + 1
    choose()
    county.value = code
    if (county.selectedIndex < 0) {
      county.value = ''
    }
  }
  county.addEventListener('restore', (event) => setRegion((event as CustomEvent<string>).detail))
}
