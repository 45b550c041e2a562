// The console's way to the service: who is told that a login has ended, whatever it was that noticed.
import { Problem, request as ask } from '../../public/lib/api'

/** The event of the window when the service knows no login: it ended, or there was none. */
export const SIGNED_OUT = 'signed-out'

export async function request<T>(...asked: Parameters<typeof ask>): Promise<T> {
  try {
    return await ask<T>(...asked)
  } catch (error) {
    if (error instanceof Problem && error.code === 'unauthenticated') {
      window.dispatchEvent(new Event(SIGNED_OUT))
    }
    throw error
  }
}
