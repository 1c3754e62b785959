/** Letters that are owed, as they lie in the store: sealed, since they name people and hold links that act for them. */

import { Refusal } from '../base/errors.ts'
import type { Log } from '../base/log.ts'
import { createNamedSealer, type NamedSealer } from '../crypto/sealing.ts'
import type { Secrets } from '../crypto/secrets.ts'
import type { Debt, DebtStore } from '../outgoing/debts.ts'
import type { Condition } from '../store/audit.ts'
import type { LetterRow, LetterStore } from '../store/store.ts'
import type { Letter } from './letters.ts'

export interface OwedLetter extends Debt {
  letter: Letter
  /** In which it was caused. */
  request: string | undefined
  /** Judged when it is kept; not kept itself. */
  ifThere?: Condition
}

export const letterSealer = (secrets: Secrets): NamedSealer => createNamedSealer(secrets, 'store/letters')

export function owedLetters(store: LetterStore, secrets: Secrets, log: Log): DebtStore<OwedLetter> {
  const sealer = letterSealer(secrets)

  /** One whose secret is not given is left for when it is. */
  function opened({ id, sealed, expiresAt }: LetterRow): OwedLetter[] {
    try {
      return [{ id, expiresAt, ...(JSON.parse(sealer.open(sealed, id)) as Pick<OwedLetter, 'letter' | 'request'>) }]
    } catch (cause) {
      if (!(cause instanceof Refusal)) throw cause
      log.error('mail.unreadable', { ...cause.detail })
      return []
    }
  }

  return {
    add: ({ id, expiresAt, letter, request, ifThere }) =>
      store.add({ id, expiresAt, sealed: sealer.seal(JSON.stringify({ letter, request }), id) }, ifThere),
    async remove(id) {
      await store.remove(id)
    },
    list: async (limit, owner) => (await store.list(limit, owner && `${owner}.`)).flatMap(opened),
  }
}
