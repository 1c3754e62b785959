/** What is asked about a token, and the clients that ask: an API of each of the server's own. */
import { api, otherApi, type TestServer } from './server.ts'
import { basic, type Credentials } from './story.ts'

export interface Apis {
  /** Is `api`, and may call `otherApi` in its callers' names; which may call it back. */
  notes: Credentials
  /** Is `otherApi`. */
  mail: Credentials
}

export async function apiClients({ parts }: TestServer): Promise<Apis> {
  const add = async (id: string, more: Record<string, unknown>): Promise<Credentials> => {
    const { secret } = await parts.clients.add({ id, name: `The ${id} service`, kind: 'api', ...more })
    return { id, secret }
  }
  return {
    notes: await add('notes-api', { serves: [`${api}/`], exchanges: { [otherApi]: ['mail:read'] } }),
    mail: await add('mail-api', { serves: [otherApi], exchanges: { [api]: ['notes:read', 'notes:delete'] } }),
  }
}

export type Answer = { status: number; headers: Headers; text: string; body: Record<string, unknown> }

/** A question as the client would send it: by Basic, or without a secret. */
export async function question(
  server: TestServer,
  endpoint: 'introspection' | 'revocation',
  client: Credentials | undefined,
  parameters: Record<string, string>,
  headers: Record<string, string> = {},
): Promise<Answer> {
  const body = new URLSearchParams(parameters)
  if (client && client.secret === undefined) body.set('client_id', client.id)
  const authorization = client?.secret === undefined ? {} : { authorization: basic(client) }
  const response = await fetch(`${server.issuer}/${endpoint}`, {
    method: 'POST',
    body,
    headers: { ...authorization, ...headers } as Record<string, string>,
  })
  const text = await response.text()
  const isJson = response.headers.get('content-type')?.startsWith('application/json')
  return { status: response.status, headers: response.headers, text, body: isJson ? JSON.parse(text) : {} }
}

/** @returns what the answer says of the token */
export async function introspect(server: TestServer, client: Credentials, token: string): Promise<Record<string, unknown>> {
  const { status, body, text } = await question(server, 'introspection', client, { token })
  if (status !== 200) throw new Error(`${status} ${text}`)
  return body
}

export async function revoke(server: TestServer, client: Credentials, token: string): Promise<void> {
  const { status, text } = await question(server, 'revocation', client, { token })
  if (status !== 200) throw new Error(`${status} ${text}`)
}
