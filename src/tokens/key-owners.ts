/** Whose an API key is: a person, or a machine that acts for itself. What it is called in a key, and what it may have. */
import { Refusal } from '../base/errors.ts'
import { allowedScopes, scopesOfRoles } from '../permissions/allowed.ts'
import type { Api } from '../permissions/apis.ts'
import { grantNamesOf } from '../settings/client/kinds.ts'
import { type ClientRegistration, readRegistration } from '../settings/client/registration.ts'
import type { Account, ApiKeyRow, KeyOwner, OwnerAsRead, Store } from '../store/store.ts'
import { keysClientId } from './api-key.ts'

export interface Owner {
  id: KeyOwner
  account?: Account
  registration?: ClientRegistration
  /** As its keys say it, and `clientId`. */
  sub: string
  clientId: string
  asRead: OwnerAsRead
  /** What its keys for this API may hold by now. */
  scopes(api: Api): string[]
}

export interface KeyOwners {
  /** @throws Refusal `unknown_client` 404, `no_machine`, `changed_meanwhile` 409 */
  read(whose: { account: Account } | { client: string }): Promise<Owner>
  /** @returns undefined when it is gone, disabled, or no machine any more */
  of(row: ApiKeyRow): Promise<Owner | undefined>
}

/** @param declared clients of the settings */
export function createKeyOwners(
  declared: readonly ClientRegistration[],
  { accounts, clients }: Pick<Store, 'accounts' | 'clients'>,
): KeyOwners {
  async function machine(id: string): Promise<Owner | undefined> {
    const known = declared.find((one) => one.id === id)
    const row = known ? undefined : await clients.find(id)
    const registration = known ?? (row && readRegistration(row.registration))
    if (!registration) return undefined
    const asRead = row ? { client: row } : 'declared'
    const scopes = (api: Api) => allowedScopes(api, registration, undefined)
    return { id: { client: id }, registration, sub: id, clientId: id, asRead, scopes }
  }

  return {
    async read(whose) {
      if ('account' in whose) return person(whose.account)
      const found = await machine(whose.client)
      if (!found) throw new Refusal('unknown_client', `There is no client ${whose.client}.`, { status: 404 })
      if (!actsForItself(found)) throw noMachine(whose.client)
      return found
    },
    async of(row) {
      if (row.account === undefined) {
        const found = await machine(row.client)
        return found && actsForItself(found) ? found : undefined
      }
      const account = await accounts.find(row.account)
      return account && account.disabledAt === undefined ? person(account) : undefined
    },
  }
}

function person(account: Account): Owner {
  const { id, roles } = account
  const scopes = (api: Api) => scopesOfRoles(api, roles)
  return { id: { account: id }, account, sub: id, clientId: keysClientId, asRead: { account }, scopes }
}

/** As for client-credentials tokens, which its keys are like. */
const actsForItself = ({ registration }: Owner): boolean =>
  registration !== undefined && grantNamesOf(registration).includes('client_credentials')

const noMachine = (id: string): Refusal =>
  new Refusal('no_machine', `The client ${id} acts for people, and never for itself: it has no client_credentials grant.`, {
    status: 409,
  })
