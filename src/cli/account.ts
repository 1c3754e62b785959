import type { Accounts } from '../accounts/account.ts'
import { Refusal } from '../base/errors.ts'
import type { Account } from '../store/store.ts'
import { answer, passwordFromInput, typedByPerson, withParts } from './run.ts'

interface Output {
  json?: boolean
}

export async function addAccount(
  email: string,
  { name, role, json }: Output & { name?: string; role?: string[] },
): Promise<void> {
  const account = await withParts(async ({ accounts }) =>
    accounts.add({ email, password: await passwordFromInput(), name, roles: role }),
  )
  answer(json, shown(account), [`Added ${account.email} (subject ${account.id}).`])
}

export async function listAccounts({ json }: Output): Promise<void> {
  const all = (await withParts(({ accounts }) => accounts.list(10_000))).map(shown)
  const lines = all.map(({ email, subject, roles, disabled }) =>
    `${email.padEnd(32)} ${subject}  ${disabled ? 'disabled ' : ''}${roles.join(' ')}`.trimEnd(),
  )
  answer(json, all, lines.length ? lines : ['There are no accounts.'])
}

/** A person at a terminal types the address once more, since nothing brings the account back. */
export async function deleteAccount(email: string, { yes = false, json }: Output & { yes?: boolean }): Promise<void> {
  await withParts(async ({ accounts }) => {
    if (!yes && (await typedByPerson(`Type ${email} to delete the account for good: `)) !== email)
      throw new Refusal(
        'not_confirmed',
        'Nothing was deleted: the address was not typed once more. Without a terminal, say --yes.',
      )
    await accounts.remove(email)
  })
  const sentence = `${email} is deleted; sessions, refresh tokens and API keys are dead, an access token lives to its end where an API asks nobody and reads no list of revocations. A letter tells them, where there is mail.`
  answer(json, { email, change: 'delete' }, [sentence])
}

const changes = {
  roles: async (accounts: Accounts, email: string, roles: string[]) => {
    await accounts.setRoles(email, roles)
    return `${email} has ${roles.length ? `the roles ${roles.join(', ')}` : 'no roles'}: from the next token on. API keys that need another are dead.`
  },
  disable: async (accounts: Accounts, email: string) => {
    await accounts.disable(email)
    return `${email} is disabled; sessions, refresh tokens and API keys are dead, an access token lives to its end where an API asks nobody and reads no list of revocations.`
  },
  enable: async (accounts: Accounts, email: string) => {
    await accounts.enable(email)
    return `${email} can sign in again.`
  },
}

/** API keys go on unless said: whoever has forgotten a password has lost nothing else by it. */
export async function setPassword(email: string, { endKeys = false, json }: Output & { endKeys?: boolean }): Promise<void> {
  await withParts(async ({ accounts }) => accounts.setPassword(email, await passwordFromInput(), { endKeys }))
  const dead = endKeys ? 'sessions, refresh tokens and API keys' : 'sessions and refresh tokens'
  answer(json, { email, change: 'password', endKeys }, [`${email} has a new password; ${dead} are dead.`])
}

export async function setEmail(email: string, next: string, { json }: Output): Promise<void> {
  const account = await withParts(({ accounts }) => accounts.setEmail(email, next))
  answer(json, { email: account.email, change: 'email', before: email }, [
    `${email} is ${account.email} from now on; links that were sent by letter are dead.`,
  ])
}

/** @param text a JSON object; it replaces what was there, but for what it does not say of the address */
export async function setClaims(email: string, text: string, { json }: Output): Promise<void> {
  const account = await withParts(({ accounts }) => accounts.setClaims(email, parsed(text)))
  const claims = { ...account.claims, email_verified: account.emailVerifiedAt !== undefined }
  answer(json, { email, change: 'claims', claims }, [`${email} has ${Object.keys(claims).join(', ')}: from the next answer on.`])
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new Refusal('invalid_claims', 'The claims are not JSON.', { cause })
  }
}

export function changeAccount(change: keyof typeof changes): (email: string, ...rest: unknown[]) => Promise<void> {
  return async (email, ...rest) => {
    const roles = change === 'roles' ? (rest[0] as string[]) : []
    const { json } = rest[change === 'roles' ? 1 : 0] as Output
    const sentence = await withParts(({ accounts }) => changes[change](accounts, email, roles))
    answer(json, { email, change, ...(change === 'roles' && { roles }) }, [sentence])
  }
}

const shown = ({ id, email, name, roles, disabledAt, createdAt }: Account) => ({
  subject: id,
  email,
  name,
  roles,
  disabled: disabledAt !== undefined,
  createdAt,
})
