/** What a first try needs: one account and three clients, made anew at each development start. Production refuses to run beside them. */
import type { Secrets } from './crypto/secrets.ts'
import type { Parts } from './main/parts.ts'
import { readRegistration } from './settings/client/registration.ts'

export const demoAccount = {
  email: 'ada@example.com',
  name: 'Ada Lovelace',
  password: 'analytical engine',
  roles: [] as string[],
}

export const demoClients = { web: 'sample-client', machine: 'sample-machine', native: 'sample-native' } as const

/** A demo client's secret follows from the newest master secret, so that whoever may read the key folder can try the client, and nobody else. */
export function demoSecret(secrets: Secrets, clientId: string): string {
  return secrets.keysFor(`demo-client/${clientId}`)[0].toString('base64url')
}

type SeedParts = Pick<Parts, 'settings' | 'accounts' | 'clients' | 'store' | 'secrets'>

/** Idempotent: an account that exists keeps the password and roles that were given to it since, clients where other starts may still listen. */
export async function seedDemo({ settings, accounts, clients, store, secrets }: SeedParts): Promise<void> {
  const put = async (members: DemoClient, secret?: string) => clients.putDemo(await withEarlier(store, members), secret)
  const api = settings.apis[0]
  if (!(await accounts.findByEmail(demoAccount.email))) await accounts.add({ ...demoAccount, demo: true })
  const apis = api ? { [api.identifier]: Object.keys(api.scopes) } : {}
  const client = `http://localhost:${settings.samples.clientPort}`
  const { web, machine, native } = demoClients
  await put(
    {
      id: web,
      name: 'Sample client',
      kind: 'web',
      redirectUris: [`${client}/callback`],
      postLogoutRedirectUris: [`${client}/`],
      apis,
    },
    demoSecret(secrets, web),
  )
  await put({ id: machine, name: 'Sample machine', kind: 'machine', apis }, demoSecret(secrets, machine))
  await put({
    id: native,
    name: 'Sample command line',
    kind: 'native',
    redirectUris: ['http://127.0.0.1/callback'],
    apis,
  })
}

interface DemoClient extends Record<string, unknown> {
  id: string
  redirectUris?: string[]
  postLogoutRedirectUris?: string[]
  apis: Record<string, string[]>
}

const mostKept = 10

/** A second `npm start` on other ports with the same data must not take the first one's clients from it: what is newest stands first. */
async function withEarlier(store: Parts['store'], members: DemoClient): Promise<DemoClient> {
  const row = await store.clients.find(members.id)
  if (!row?.demo) return members
  const earlier = readRegistration(row.registration)
  const both = (list: 'redirectUris' | 'postLogoutRedirectUris') =>
    [...new Set([...(members[list] ?? []), ...earlier[list]])].slice(0, mostKept)
  const others = Object.entries(earlier.apis).filter(([identifier]) => !Object.hasOwn(members.apis, identifier))
  return {
    ...members,
    redirectUris: both('redirectUris'),
    postLogoutRedirectUris: both('postLogoutRedirectUris'),
    apis: Object.fromEntries([...Object.entries(members.apis), ...others].slice(0, mostKept)),
  }
}
