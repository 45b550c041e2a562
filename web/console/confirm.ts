// What weighs much asks for the password again after ten minutes: the task is tried, the dialog asks, it is tried again.
import { shallowRef } from 'vue'
import { Problem } from '../public/lib/api'

export const asking = shallowRef<((confirmed: boolean) => void) | null>(null)

export async function confirmed<T>(task: () => Promise<T>): Promise<T> {
  try {
    return await task()
  } catch (error) {
    if (!(error instanceof Problem) || error.code !== 'confirm') {
      throw error
    }
    const isConfirmed = await new Promise<boolean>((answer) => (asking.value = answer))
    asking.value = null
    if (!isConfirmed) {
      throw error
    }
    return task()
  }
}
