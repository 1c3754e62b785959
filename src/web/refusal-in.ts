/** What a form's deed came to: its value, or the refusal that its page says. */
import { Refusal } from '../base/errors.ts'

export type Outcome<T> = { value: T } | { fault: Refusal }

/** @throws whatever is no refusal */
export async function refusalIn<T>(doing: Promise<T>): Promise<Outcome<T>> {
  try {
    return { value: await doing }
  } catch (fault) {
    if (fault instanceof Refusal) return { fault }
    throw fault
  }
}
