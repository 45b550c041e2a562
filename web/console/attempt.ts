// A task whose failure is said where it was begun, in words; what is shown is read again after it.
import { type Ref, ref } from 'vue'
import { failureText } from './words'

type Task = () => Promise<void>

export function useAttempt(after: Task = async () => {}): { failure: Ref<string>; attempt: (task: Task) => Promise<void> } {
  const failure = ref('')

  async function attempt(task: Task): Promise<void> {
    failure.value = ''
    try {
      await task()
      await after()
    } catch (error) {
      failure.value = failureText(error)
    }
  }
  return { failure, attempt }
}
