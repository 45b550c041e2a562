// The certificate on the status page: a picture, and a file for the printer, with the PIN where this phone is not known.

async function fetchSheet(code: string, kind: string, headers: Record<string, string>): Promise<string> {
  const answer = await fetch(`/api/v1/submissions/${encodeURIComponent(code)}/certificate.${kind}`, { headers })

  if (!answer.ok) {
    throw new Error(kind)
  }
  return URL.createObjectURL(await answer.blob())
}

export async function award(box: HTMLElement, code: string, headers: Record<string, string>): Promise<void> {
  const picture = box.querySelector('img') as HTMLImageElement
  const link = box.querySelector('a') as HTMLAnchorElement

  ;[picture.src, link.href] = await Promise.all([fetchSheet(code, 'png', headers), fetchSheet(code, 'pdf', headers)])
  picture.hidden = (link.parentElement as HTMLElement).hidden = false
}
