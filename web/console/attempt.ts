// A task whose failure or success is said where it was begun, in words; what is shown is read again after it. Where the password
// has to be given again, it is asked for and the task begins anew.
import { type Ref, ref } from 'vue'
import { confirmed } from './confirm'
import { failureText } from './words'

type Task = () => Promise<unknown>

export interface Attempts {
  failure: Ref<string>
  said: Ref<string>
  /** True when it succeeded; `text` is then said, unless the task said something itself. */
  attempt: (task: Task, text?: string) => Promise<boolean>
}

/** `after` reads again what is shown; `before` takes away what an earlier task left to be seen. */
export function useAttempt(after: Task = () => Promise.resolve(), before: () => void = () => undefined): Attempts {
  const failure = ref('')
  const said = ref('')

  async function attempt(task: Task, text = ''): Promise<boolean> {
    failure.value = said.value = ''
    before()
    try {
      await confirmed(task)
      await after()
      said.value = text === '' ? said.value : text
      return true
    } catch (error) {
      failure.value = failureText(error)
      return false
    }
  }
  return { failure, said, attempt }
}
