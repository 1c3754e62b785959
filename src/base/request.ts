/** Which request is being answered, known to whatever happens on its way without being handed on: the log names it on each line. */
import { AsyncLocalStorage } from 'node:async_hooks'

const current = new AsyncLocalStorage<string>()

/** Answers a request, with its id known until the last of what that begins has ended. */
export const duringRequest = <T>(id: string, answer: () => T): T => current.run(id, answer)

/** @returns undefined for what belongs to no request */
export const currentRequest = (): string | undefined => current.getStore()
