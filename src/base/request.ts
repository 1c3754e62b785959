/** Which request is being answered, known to whatever happens on its way without being handed on: the log names it on each line. */
import { AsyncLocalStorage } from 'node:async_hooks'

interface Current {
  id: string
  person?: Person
}

/** Whose session a page acts on, and the network that they act from. */
export interface Person {
  account: string
  network: string
}

const current = new AsyncLocalStorage<Current>()

/** Answers a request, with its id known until the last of what that begins has ended. */
export const duringRequest = <T>(id: string, answer: () => T): T => current.run({ id }, answer)

/** @returns undefined for what belongs to no request */
export const currentRequest = (): string | undefined => current.getStore()?.id

/** At a page of ours the protocol library knows nobody: who acts there is noted for whatever ends with it. */
export function notePerson(person: Person): void {
  const request = current.getStore()
  if (request) request.person = person
}

export const currentPerson = (): Person | undefined => current.getStore()?.person
