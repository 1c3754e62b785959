/** What is asked about a token, and the clients that ask: an API of each of the server's own. */

import { type Answer, post } from './post.ts'
import { api, otherApi, type TestServer } from './server.ts'
import { basic, type Credentials, type Site } from './story.ts'

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

/** A question as the client would send it: by Basic, or without a secret. */
export async function question(
  server: Site,
  endpoint: 'introspection' | 'revocation',
  client: Credentials | undefined,
  parameters: Record<string, string>,
  headers: Record<string, string> = {},
): Promise<Answer<Record<string, unknown>>> {
  const own = client && client.secret === undefined ? { client_id: client.id } : {}
  const authorization = client?.secret === undefined ? {} : { authorization: basic(client) }
  return post(server, `/${endpoint}`, { ...parameters, ...own }, { ...authorization, ...headers } as Record<string, string>)
}

/** @returns what the answer says of the token */
export async function introspect(server: Site, client: Credentials, token: string): Promise<Record<string, unknown>> {
  const { status, body, text } = await question(server, 'introspection', client, { token })
  if (status !== 200) throw new Error(`${status} ${text}`)
  return body
}

export async function revoke(server: Site, client: Credentials, token: string): Promise<void> {
  const { status, text } = await question(server, 'revocation', client, { token })
  if (status !== 200) throw new Error(`${status} ${text}`)
}
