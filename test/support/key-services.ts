/** A server whose API takes keys, with services that such keys are shown to, and the ways in which they are. */
import { digest } from '../../src/crypto/derive.ts'
import { grantTypes } from '../../src/settings/client/kinds.ts'
import { machinesKey, personsKey } from './api-keys.ts'
import { introspect } from './questions.ts'
import { api, declared, otherApi, startTestServer, type TestServer, type TestServerOptions } from './server.ts'
import { type Cast, type Credentials, cast, type Parameters, token } from './story.ts'

export const keyType = 'urn:signet:params:oauth:token-type:api_key'

/** Declared in the settings, so that whoever they are is read from no store. */
export const services = {
  notes: { id: 'notes-api', secret: 'a-secret-of-the-notes' },
  /** Knows access tokens alone, behind a gateway that takes keys for it. */
  gateway: { id: 'gateway', secret: 'a-secret-of-the-gateway' },
  mail: { id: 'mail-api', secret: 'a-secret-of-the-mail' },
}
const serviceOf = ({ id, secret }: Credentials, more: object) => ({
  ...{ id, name: id, kind: 'api', secretDigests: [digest(secret as string)] },
  ...more,
})

const [notes, mail] = declared.apis
const sending = { description: 'Send mail', roles: ['editor'] }

export async function startKeyServices({ settings, ...start }: Pick<TestServerOptions, 'log' | 'settings'> = {}) {
  const server: TestServer = await startTestServer({
    ...start,
    settings: {
      apis: [
        { ...notes, apiKeys: true },
        { ...mail, scopes: { ...mail!.scopes, 'mail:send': sending } },
      ],
      clients: [
        serviceOf(services.notes, { serves: [api], exchanges: { [otherApi]: ['mail:read', 'mail:send'] } }),
        serviceOf(services.gateway, { serves: [api], exchanges: { [api]: ['notes:read', 'notes:delete'] } }),
        serviceOf(services.mail, { serves: [otherApi], exchanges: { [api]: ['notes:read', 'notes:write'] } }),
      ],
      ...settings,
    },
  })
  const who: Cast = await cast(server, ['editor'])
  const { secret } = await server.parts.clients.add({
    ...{ id: 'robot', name: 'Robot', kind: 'machine' },
    apis: { [api]: ['notes:read', 'notes:write'] },
  })
  const robot: Credentials = { id: 'robot', secret }

  const ask = (client: Credentials, key: string) => introspect(server, client, key)
  const exchange = (client: Credentials, key: string, changes: Parameters = {}) =>
    token(server, client, {
      grant_type: grantTypes.token_exchange,
      subject_token: key,
      subject_token_type: keyType,
      ...changes,
    })
  return {
    server,
    who,
    robot,
    persons: (changes = {}) => personsKey(server, who.email, changes),
    machines: (changes = {}) => machinesKey(server, 'robot', changes),
    /** What introspection says. */
    ask,
    lives: async (key: string) => (await ask(services.notes, key)).active,
    exchange,
    async exchanged(client: Credentials, key: string, changes: Parameters = {}): Promise<string> {
      const { status, body } = await exchange(client, key, changes)
      if (status !== 200) throw new Error(JSON.stringify(body))
      return body.access_token!
    },
    /** As JSON, to the endpoint for leaked ones. */
    async report(body: unknown, headers: Record<string, string> = {}) {
      const response = await fetch(`${server.issuer}/api-keys/leaked`, {
        method: 'POST',
        body: JSON.stringify(body),
        headers: { 'content-type': 'application/json', ...headers },
      })
      return { status: response.status, headers: response.headers, body: (await response.json()) as never }
    },
  }
}
export type KeyServices = Awaited<ReturnType<typeof startKeyServices>>
