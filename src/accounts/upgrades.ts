/** Hashes that would be made otherwise today are made anew when their person signs in, which is the one moment at which the password is there. */

import { Refusal } from '../base/errors.ts'
import type { Log } from '../base/log.ts'
import type { Passwords } from '../crypto/passwords.ts'
import type { Account, AccountStore } from '../store/store.ts'

export interface Upgrades {
  /**
   * Begins one for whoever just gave the right password. Nobody waits for it: what is lost with the process, or finds the queue full, is made up for at
   * the next sign-in. A password that was changed meanwhile stays changed, and the credentials keep their version: the password is the same.
   */
  begin(account: Account, password: string): void
}

export function createUpgrades(parts: {
  accounts: Pick<AccountStore, 'replaceHash'>
  passwords: Pick<Passwords, 'hash'>
  log: Log
}): Upgrades {
  const { accounts, passwords, log } = parts
  // Two hundred sign-ins of one person at once take two hundred hashes, not four hundred.
  const underWay = new Set<string>()

  async function upgrade({ id, passwordHash }: Account, password: string): Promise<void> {
    await accounts.replaceHash(id, passwordHash, await passwords.hash(password, { share: 'people' }))
  }

  return {
    begin(account, password) {
      if (underWay.has(account.id)) return
      underWay.add(account.id)
      upgrade(account, password)
        .catch((error) => {
          if (!(error instanceof Refusal)) log.error('account.hash_not_upgraded', { subject: account.id, error })
        })
        .finally(() => underWay.delete(account.id))
    },
  }
}
