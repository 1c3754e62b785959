/** What a first try needs: one account and three clients, made anew at each development start. Production refuses to run beside them. */
import { deriveKey } from './crypto/derive.ts'
import type { Parts } from './main.ts'

export const demoAccount = {
  email: 'ada@example.com',
  name: 'Ada Lovelace',
  password: 'analytical engine',
  roles: [] as string[],
}

export const demoClients = { web: 'sample-client', machine: 'sample-machine', native: 'sample-native' } as const

/** A demo client's secret follows from the master secret, so that whoever may read the key folder can try the client, and nobody else. */
export function demoSecret(masterSecret: string, clientId: string): string {
  return deriveKey(masterSecret, `demo-client/${clientId}`).toString('base64url')
}

/** Idempotent: an account that exists keeps the password and roles that were given to it since. */
export async function seedDemo({ settings, accounts, clients, masterSecret }: Parts): Promise<void> {
  const api = settings.apis[0]
  if (!(await accounts.findByEmail(demoAccount.email))) await accounts.add({ ...demoAccount, demo: true })
  const apis = api ? { [api.identifier]: Object.keys(api.scopes) } : {}
  const client = `http://localhost:${settings.samples.clientPort}`
  const { web, machine, native } = demoClients
  await clients.putDemo(
    {
      id: web,
      name: 'Sample client',
      kind: 'web',
      redirectUris: [`${client}/callback`],
      postLogoutRedirectUris: [`${client}/`],
      apis,
    },
    demoSecret(masterSecret, web),
  )
  await clients.putDemo({ id: machine, name: 'Sample machine', kind: 'machine', apis }, demoSecret(masterSecret, machine))
  await clients.putDemo({
    id: native,
    name: 'Sample command line',
    kind: 'native',
    redirectUris: ['http://127.0.0.1/callback'],
    apis,
  })
}
