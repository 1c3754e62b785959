/** What strangers send again and again, none of which may add a row; and the rows that there are. */
import path from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { createVisitor } from '../../src/try/visitor.ts'
import { wrapped } from './api-keys.ts'
import type { TestServer } from './server.ts'
import { authorizationUrl, type Cast, codeFor, pkce, signInPost } from './story.ts'

type Send = () => Promise<unknown>

/** One request or two of every kind. @param who registered clients, whose names strangers use */
export async function strangerRequests(server: TestServer, who: Cast): Promise<Record<string, Send>> {
  const { issuer } = server
  const { challenge } = pkce()
  const auth = (changes = {}) => authorizationUrl(issuer, 'web', challenge, changes)
  const open = (target: string | URL) => () => createVisitor(issuer).open(target)
  const form = (target: string, body: Record<string, string>) => () =>
    fetch(issuer + target, { method: 'POST', body: new URLSearchParams(body), redirect: 'manual' })
  const stale = await withSessionThatIsGone(server, who)
  return {
    'an authorization request': open(auth()),
    'one with a long state': open(auth({ state: 'x'.repeat(1_000) })),
    'one without interaction': open(auth({ prompt: 'none' })),
    'a broken one': open('/auth?client_id=web'),
    'one by POST': form('/auth', Object.fromEntries(auth().searchParams)),
    'one with the cookie of a session that is gone': () => fetch(auth(), { headers: { cookie: stale }, redirect: 'manual' }),
    'a sign-in that is cancelled': async () => {
      const visitor = createVisitor(issuer)
      await visitor.submit(await visitor.open(auth()), '/cancel', {})
    },
    'a sign-in form without its token': async () => {
      const visitor = createVisitor(issuer)
      const { action } = signInPost(await visitor.open(auth()), 'x')
      await visitor.fetch(action, { method: 'POST', body: new URLSearchParams({ email: 'x', password: 'x' }) })
    },
    'a request that goes on with what is not there': open('/auth/nothing'),
    'the page for a sign-out': open('/session/end'),
    'a sign-out': form('/session/end/confirm', { xsrf: 'x', logout: 'yes' }),
    'the page for a device’s code': open('/device?user_code=BBBB-BBBB'),
    'a device’s code from nowhere': form('/device', { xsrf: 'x', user_code: 'BBBB-BBBB' }),
    'a token': form('/token', { grant_type: 'client_credentials', client_id: 'nobody', client_secret: 'x' }),
    'a token for a code': form('/token', { grant_type: 'authorization_code', client_id: 'spa', code: 'x', redirect_uri: 'x' }),
    'a token for a refresh token': form('/token', { grant_type: 'refresh_token', client_id: 'spa', refresh_token: 'x' }),
    'a device that may not ask': form('/device/auth', { client_id: 'web' }),
    'a pushed request of whoever is not the client': form('/par', Object.fromEntries(auth().searchParams)),
    introspection: form('/introspection', { token: 'x', client_id: 'spa' }),
    revocation: form('/revocation', { token: 'x', client_id: 'spa' }),
    'a key that leaked, and is none': form('/api-keys/leaked', {
      key: wrapped(`eyJ${'x'.repeat(30)}.eyJ${'x'.repeat(50)}.${'x'.repeat(86)}`),
    }),
    userinfo: () => fetch(`${issuer}/userinfo`, { headers: { authorization: 'Bearer x' } }),
    metadata: () => fetch(`${issuer}/.well-known/openid-configuration`),
    'nothing that is there': open('/nothing'),
  }
}

async function withSessionThatIsGone(server: TestServer, who: Cast): Promise<string> {
  const { visitor } = await codeFor(server, who.own)
  const { id } = (await server.parts.accounts.findByEmail(who.email))!
  await server.parts.store.artifacts.removeBound({ account: id })
  return [...visitor.cookies].map(([key, { value }]) => `${key.split(' ')[0]}=${value}`).join('; ')
}

/** Sends so many, of every kind by turns, eight at a time. */
export async function sendAll(
  requests: Record<string, Send>,
  times: number,
  progress: (done: number) => void = () => {},
): Promise<void> {
  const kinds = Object.values(requests)
  let sent = 0
  const one = async () => {
    while (sent < times) {
      await kinds[sent++ % kinds.length]!()
      progress(sent)
    }
  }
  await Promise.all(Array.from({ length: 8 }, one))
}

/** Rows of every table of both databases; counters are left out, which are bounded by the networks that they count. */
export function rowsOf({ settings }: TestServer): Record<string, number> {
  return Object.assign({}, ...Object.entries(files).map(([name, file]) => rowsIn(path.join(settings.dataFolder, file), name)))
}

const files = { durable: 'signet.sqlite', volatile: 'volatile.sqlite' }

function rowsIn(file: string, name: string): Record<string, number> {
  const database = new DatabaseSync(file, { readOnly: true })
  const tables = database
    .prepare("select name from sqlite_schema where type = 'table' and name not in ('counters', 'bounds')")
    .all()
  const count = ({ name: table }: { name?: unknown }) =>
    Number(database.prepare(`select count(*) as count from "${table}"`).get()?.count)
  const counts = tables.map((table) => [`${name} ${table.name}`, count(table)])
  database.close()
  return Object.fromEntries(counts)
}
