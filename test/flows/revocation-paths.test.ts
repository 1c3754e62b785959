/**
 * Whatever ends access reaches an API that verifies by itself. A row each, with its control before: the same token, a moment ago, was good. That it
 * comes from another process as well shows `revocation-list.test.ts`.
 */
import { expect } from 'chai'
import { decodeJwt, decodeProtectedHeader } from 'jose'
import { digest } from '../../src/crypto/derive.ts'
import { createResourceServer, defineResource, type ResourceServerEvent } from '../../src/resource-server/index.ts'
import { skewSeconds } from '../../src/tokens/revocation.ts'
import { createVisitor, type Page, type Visitor } from '../../src/try/visitor.ts'
import { createPrograms } from '../cli/program.ts'
import { signetBeside } from '../support/command.ts'
import { letterTo, linkOf } from '../support/inbox.ts'
import { question, revoke } from '../support/questions.ts'
import { api, declared, startTestServer, type TestServer } from '../support/server.ts'
import {
  authorizationUrl,
  type Cast,
  cast,
  codeFor,
  password,
  pkce,
  redeem,
  refresh,
  token,
  tokensFor,
} from '../support/story.ts'
import { returnToPresent, travel } from '../support/time.ts'
import { until } from '../support/until.ts'

interface Given {
  server: TestServer
  who: Cast
}

/** @returns an access token, and what ends it */
type Path = (given: Given) => Promise<{ jwt: string; end(): Promise<unknown> }>

const person = async ({ server, who }: Given, end: (tokens: Record<string, string>) => Promise<unknown>, client = who.web) => {
  const tokens = (await tokensFor(server, client)) as unknown as Record<string, string>
  return { jwt: tokens.access_token as string, end: () => end(tokens) }
}

/** A page of somebody's own account, once they have signed in there. */
async function atOwn({ server, who }: Given, path: string): Promise<{ visitor: Visitor; page: Page }> {
  const visitor = createVisitor(server.issuer)
  const page = await visitor.submit(await visitor.open(path), '/sign-in', { email: who.email, password })
  return { visitor, page }
}

async function signet({ server }: Given, args: string[]): Promise<void> {
  const { code, answer } = await signetBeside(server, args)
  expect(code, JSON.stringify(answer)).to.equal(0)
}

/** The next start, by other settings. */
async function startsWith({ server }: Given, settings: object): Promise<void> {
  const next = await startTestServer({ folder: server.folder, issuer: server.issuer, settings: { clients: robots, ...settings } })
  await next.close()
}

/** Declared in the settings. */
const robot = { id: 'robot', secret: 'the secret of a robot' }
const robots = [
  {
    ...{ id: robot.id, name: 'Robot', kind: 'machine', apis: { [api]: ['notes:read', 'notes:write'] } },
    secretDigests: [digest(robot.secret)],
  },
]
const robotToken = async ({ server }: Given) =>
  (await token(server, robot, { grant_type: 'client_credentials', scope: 'notes:read' })).body.access_token as string

const machineToken = async ({ server, who }: Given) =>
  (await token(server, who.machine, { grant_type: 'client_credentials', scope: 'notes:read' })).body.access_token as string

const paths: Record<string, Path> = {
  '/revocation of an access token of a person': (given) =>
    person(given, ({ access_token: jwt }) => revoke(given.server, given.who.web, jwt as string)),
  '/revocation of its refresh token': (given) =>
    person(given, ({ refresh_token: one }) => revoke(given.server, given.who.web, one as string)),
  '/revocation of a machine’s token': async (given) => {
    const jwt = await machineToken(given)
    return { jwt, end: () => revoke(given.server, given.who.machine, jwt) }
  },
  'a code that is redeemed again': async ({ server, who }) => {
    const signed = await codeFor(server, who.web)
    const jwt = (await redeem(server, who.web, signed)).body.access_token as string
    return { jwt, end: () => redeem(server, who.web, signed) }
  },
  'a refresh token that was replaced twice and comes again': (given) =>
    person(
      given,
      async ({ refresh_token: first }) => {
        const again = async (one: string) => (await refresh(given.server, given.who.native, one)).body.refresh_token as string
        await again(await again(first as string))
        await again(first as string)
      },
      given.who.native,
    ),
  'a sign-out of who allowed nothing for later': async ({ server, who }) => {
    const signed = await codeFor(server, who.own)
    const jwt = (await redeem(server, who.own, signed)).body.access_token as string
    return {
      jwt,
      end: async () => {
        const page = await signed.visitor.open('/session/end')
        await signed.visitor.submit(page, '/session/end/confirm', { logout: 'yes' })
      },
    }
  },
  'a session in which somebody else signs in': async (given) => {
    const { server, who } = given
    await server.parts.accounts.add({ email: 'bob@example.com', password })
    const signed = await codeFor(server, who.web)
    const jwt = (await redeem(server, who.web, signed)).body.access_token as string
    const changes = { prompt: 'login', login_hint: 'bob@example.com' }
    const end = async () => {
      const page = await signed.visitor.open(authorizationUrl(server.issuer, 'web', pkce().challenge, changes))
      const other = await signed.visitor.submit(page, '/sign-in', { email: 'bob@example.com', password })
      await signed.visitor.submit(other, '/session/end/confirm', {})
    }
    return { jwt, end }
  },
  'a password that an operator sets': (given) =>
    person(given, () => given.server.parts.accounts.setPassword(given.who.email, `${password} again`)),
  'a password that is changed at /account': (given) =>
    person(given, async () => {
      const { visitor, page } = await atOwn(given, '/account/password')
      await visitor.submit(page, '/account/password', { current: password, password: `${password} again` })
    }),
  'a password that is recovered by a letter': (given) =>
    person(given, async () => {
      const visitor = createVisitor(given.server.issuer)
      await visitor.submit(await visitor.open('/recovery'), '/recovery', { email: given.who.email })
      const page = await visitor.open(linkOf(await letterTo(given.server, given.who.email, 'recovery')))
      await visitor.submit(page, page.url.pathname, { password: `${password} again` })
    }),
  'an address that is taken back by the one before': (given) =>
    person(given, async () => {
      const { server, who } = given
      const to = 'eve@example.com'
      const confirm = async (visitor: Visitor, link: string) => {
        const page = await visitor.open(link)
        await visitor.submit(page, page.url.pathname, {})
      }
      const { visitor, page } = await atOwn(given, '/account/email')
      await visitor.submit(page, '/account/email', { email: to })
      await confirm(visitor, linkOf(await letterTo(server, to, 'email-change')))
      await confirm(createVisitor(server.issuer), linkOf(await letterTo(server, who.email, 'email-changed')))
    }),
  'a role that is taken away': async (given) => {
    const { accounts } = given.server.parts
    await accounts.setRoles(given.who.email, ['editor', 'admin'])
    return person(given, () => accounts.setRoles(given.who.email, ['admin']))
  },
  'an account that is disabled': (given) => person(given, () => given.server.parts.accounts.disable(given.who.email)),
  'an account that its person deletes': (given) =>
    person(given, async () => {
      const { visitor, page } = await atOwn(given, '/account/delete')
      await visitor.submit(page, '/account/delete', { sure: 'yes' })
    }),
  'an account that is removed': (given) => person(given, () => given.server.parts.accounts.remove(given.who.email)),
  'a client that is removed, for people': (given) => person(given, () => given.server.parts.clients.remove('web')),
  'a client that is removed, for itself': async (given) => {
    const jwt = await machineToken(given)
    return { jwt, end: () => given.server.parts.clients.remove('machine') }
  },
  'a client’s secret that others have': async (given) => {
    const jwt = await machineToken(given)
    return { jwt, end: () => given.server.parts.clients.rotateSecret('machine', 0, { isCompromised: true }) }
  },
  'signet revoke token': async (given) => {
    const jwt = await machineToken(given)
    const { jti, exp } = decodeJwt(jwt)
    const until = new Date((exp as number) * 1_000).toISOString()
    return { jwt, end: () => signet(given, ['revoke', 'token', '--jti', jti as string, '--until', until]) }
  },
  'signet revoke grant': (given) =>
    person(given, ({ access_token: jwt }) => signet(given, ['revoke', 'grant', decodeJwt(jwt as string).grant as string])),
  'signet revoke account': (given) => person(given, () => signet(given, ['revoke', 'account', given.who.subject])),
  'signet revoke client, for people': (given) => person(given, () => signet(given, ['revoke', 'client', 'web'])),
  'signet revoke client, for itself': async (given) => {
    const jwt = await machineToken(given)
    return { jwt, end: () => signet(given, ['revoke', 'client', 'machine']) }
  },
  'signet revoke api': (given) => person(given, () => signet(given, ['revoke', 'api', api])),
  'an API that is gone from the settings': (given) =>
    person(given, () => startsWith(given, { apis: declared.apis.slice(1), clients: [] })),
  'a scope of an API that fewer roles may have': (given) =>
    person(given, () => {
      const [{ scopes, ...notes }, mail] = declared.apis as [(typeof declared.apis)[0], (typeof declared.apis)[0]]
      const narrowed = { ...scopes, 'notes:write': { description: 'Change your notes', roles: ['editor'] } }
      return startsWith(given, { apis: [{ ...notes, scopes: narrowed }, mail] })
    }),
  'a declared client that is gone from the settings': async (given) => {
    const jwt = await robotToken(given)
    return { jwt, end: () => startsWith(given, { clients: [] }) }
  },
  'a declared client that may ask for less': async (given) => {
    const jwt = await robotToken(given)
    return { jwt, end: () => startsWith(given, { clients: [{ ...robots[0], apis: { [api]: ['notes:write'] } }] }) }
  },
  'signet revoke everything': (given) => person(given, () => signet(given, ['revoke', 'everything', '--yes'])),
  'a signing key that is revoked by the command line': async (given) => {
    const jwt = await machineToken(given)
    const { dataFolder, keyFolder, masterSecret } = given.server.settings
    const env = { SIGNET_DATA: dataFolder, SIGNET_KEYS: keyFolder, SIGNET_SECRET: masterSecret as string }
    const { signet } = await createPrograms()
    return { jwt, end: () => signet(['keys', 'revoke', decodeProtectedHeader(jwt).kid as string], { env }) }
  },
  'a backup that is restored': (given) =>
    person(given, () => given.server.parts.store.lineage.begin({ id: 'restored', beganAt: given.server.parts.now() })),
}

describe('what ends access reaches an API that asks nobody', () => {
  let server: TestServer
  let who: Cast
  beforeEach(async () => {
    server = await startTestServer({ settings: { clients: robots } })
    who = await cast(server)
  })
  afterEach(() => server?.close())

  function apiThatListens() {
    const events: ResourceServerEvent[] = []
    const listening = createResourceServer({
      issuer: server.issuer,
      resource: defineResource({ id: api, scopes: { 'notes:read': 'Read' } }),
      revocations: {},
      on: (event) => events.push(event),
    })
    const judged = async (jwt: string) => {
      try {
        await listening.verify(jwt)
        return 'good'
      } catch (error) {
        return (error as { reason?: string }).reason
      }
    }
    return { ...listening, judged, events }
  }

  for (const [name, path] of Object.entries(paths)) {
    it(name, async () => {
      const listening = apiThatListens()
      try {
        await listening.ready()
        const { jwt, end } = await path({ server, who })
        expect(await listening.judged(jwt), 'the control').to.equal('good')
        await end()
        expect(await until('the refusal', async () => (await listening.judged(jwt)) === 'revoked')).to.equal(true)
      } finally {
        listening.close()
      }
    })
  }

  it('and what does not end it does not', async () => {
    const listening = apiThatListens()
    try {
      await listening.ready()
      const { access_token: jwt } = await tokensFor(server, who.web)
      const visitor = createVisitor(server.issuer)
      const forLater = { scope: 'openid offline_access notes:read', prompt: 'consent' }
      const { access_token: later } = await tokensFor(server, who.web, forLater, visitor)
      await visitor.submit(await visitor.open('/session/end'), '/session/end/confirm', { logout: 'yes' })
      await question(server, 'revocation', who.machine, { token: jwt as string })
      const other = await machineToken({ server, who })
      const { accounts, clients } = server.parts
      await clients.rotateSecret('machine', 86_400)
      await accounts.setRoles(who.email, ['editor'])
      await revoke(server, who.machine, other)
      await until('the refusal', async () => (await listening.judged(other)) === 'revoked')
      for (const one of [jwt, later]) expect(await listening.judged(one as string)).to.equal('good')
    } finally {
      listening.close()
    }
  })

  it('a role that is taken away leaves the app its grant: what it gets later is good, and says less', async () => {
    const { accounts } = server.parts
    await accounts.setRoles(who.email, ['editor'])
    const listening = apiThatListens()
    try {
      await listening.ready()
      const scope = 'openid offline_access notes:read notes:delete'
      const { access_token: before, refresh_token: one } = await tokensFor(server, who.web, { scope })
      expect(decodeJwt(before as string).scope).to.include('notes:delete')
      await accounts.setRoles(who.email, [])
      await until('the refusal', async () => (await listening.judged(before as string)) === 'revoked')
      travel(skewSeconds + 1)
      const { access_token: after } = (await refresh(server, who.web, one as string)).body
      expect(decodeJwt(after as string).scope).to.equal('openid notes:read')
      expect(await listening.judged(after as string)).to.equal('good')
    } finally {
      returnToPresent()
      listening.close()
    }
  })
})
