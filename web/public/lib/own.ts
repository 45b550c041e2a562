// Pictures of one's own go by the PIN, so they are fetched and not linked.

type Headers = Record<string, string>

export async function own(code: string, path: string, headers: Headers): Promise<Response> {
  const answer = await fetch(`/api/v1/submissions/${encodeURIComponent(code)}/${path}`, { headers })

  if (!answer.ok) {
    throw new Error(String(answer.status))
  }
  return answer
}

export async function picture(code: string, position: number, headers: Headers): Promise<string> {
  return URL.createObjectURL(await (await own(code, `photos/${position}`, headers)).blob())
}
