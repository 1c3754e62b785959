/** `signet demo`: what `npm start` puts there for a first try, for whoever starts the parts one by one. */
import { Refusal } from '../base/errors.ts'
import { demoAccount, demoClients, demoSecret, seedDemo } from '../demo.ts'
import { loadSettings } from '../settings/load.ts'
import { answer, withParts } from './run.ts'

export const clientsWithSecret = [demoClients.web, demoClients.machine] as const

interface Output {
  /** Says the secret of one client and nothing else, to be kept in a file. */
  secretOf?: (typeof clientsWithSecret)[number]
  json?: boolean
}

/** @throws Refusal `no_demo` where the settings do not say so; they cannot in production */
export async function demo({ secretOf, json }: Output): Promise<void> {
  if (!loadSettings().demo) throw new Refusal('no_demo', 'The settings do not say demo: true.')
  const secrets = await withParts(async (parts) => {
    await seedDemo(parts)
    return clientsWithSecret.map((id) => ({ id, secret: demoSecret(parts.secrets, id) }))
  })
  const { email, password } = demoAccount
  const lines = [`account  ${email}  ${password}`, ...secrets.map(({ id, secret }) => `client   ${id}  ${secret}`)]
  const asked = secrets.filter(({ id }) => id === secretOf).map(({ secret }) => secret)
  answer(json, { account: { email, password }, clients: secrets }, secretOf === undefined ? lines : asked)
}
