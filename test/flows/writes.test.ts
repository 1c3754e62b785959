/**
 * What each request writes, counted. A stranger adds no row to the durable store, whatever they ask for. What a stranger adds to the volatile
 * store stands here by name, with its reason; a new line here is a decision. Counted are artifacts and notices that are owed. Not counted are
 * counters, which are bounded by the networks and clients that they count, and what the command line alone writes: accounts and clients.
 */
import { expect } from 'chai'
import { createVisitor } from '../../src/try/visitor.ts'
import { askForCode, deviceFor, enterCode, poll } from '../support/device.ts'
import { revoke } from '../support/questions.ts'
import { startTestServer, type TestServer } from '../support/server.ts'
import {
  authorizationUrl,
  type Cast,
  cast,
  codeFor,
  passThrough,
  pkce,
  redeem,
  redirectUri,
  refresh,
  token,
} from '../support/story.ts'

describe('writes', () => {
  let server: TestServer
  let who: Cast
  let jwt: string | undefined
  const writes = { durable: [] as string[], volatile: [] as string[] }

  before(async () => {
    server = await startTestServer()
    who = await cast(server)
    jwt = (await token(server, who.machine, { grant_type: 'client_credentials', scope: 'notes:read' })).body.access_token
    const { artifacts, volatile, notices } = server.parts.store
    const { add } = notices
    notices.add = (notice) => {
      writes.durable.push('Notice add')
      return add.call(notices, notice)
    }
    for (const [name, store] of [
      ['durable', artifacts],
      ['volatile', volatile],
    ] as const) {
      for (const method of ['put', 'insert', 'replace', 'consume', 'remove'] as const) {
        const original = store[method] as (...args: unknown[]) => Promise<unknown>
        const model = (args: unknown[]) => (typeof args[0] === 'string' ? args[0] : (args[0] as { model: string }).model)
        Object.assign(store, {
          [method]: (...args: unknown[]) => {
            writes[name].push(`${model(args)} ${method}`)
            return original.apply(store, args)
          },
        })
      }
    }
  })
  after(() => server.close())

  async function writtenBy(act: () => Promise<unknown>) {
    writes.durable = []
    writes.volatile = []
    await act()
    return { durable: [...writes.durable], volatile: [...writes.volatile] }
  }
  const { challenge } = pkce()
  const begin = (visitor = createVisitor(server.issuer)) => visitor.open(authorizationUrl(server.issuer, 'web', challenge))

  const strangers: [string, () => Promise<unknown>, string[]][] = [
    [
      'the pages',
      () =>
        Promise.all(
          ['/', '/nothing', '/assets/style.css', '/session/end/success', '/health/live', '/health/ready'].map((path) =>
            createVisitor(server.issuer).open(path),
          ),
        ),
      [],
    ],
    [
      'discovery and keys',
      () => Promise.all(['/.well-known/openid-configuration', '/jwks'].map((path) => fetch(server.issuer + path))),
      [],
    ],
    ['a broken authorization request', () => createVisitor(server.issuer).open('/auth?client_id=web'), []],
    // Until the interaction travels in a cookie.
    ['an authorization request', () => begin(), ['Interaction put']],
    [
      'a wrong password',
      async () => {
        const visitor = createVisitor(server.issuer)
        await visitor.submit(await begin(visitor), '/sign-in', { email: who.email, password: 'wrong' })
      },
      ['Interaction put'],
    ],
    // The form's secret lies in a session.
    ['sign-out with nobody signed in', () => createVisitor(server.issuer).open('/session/end'), ['Session put']],
    [
      'a token request that is refused',
      () => token(server, { id: 'nobody', secret: 'x' }, { grant_type: 'client_credentials' }),
      [],
    ],
    [
      'a code that does not exist',
      () => token(server, who.spa, { grant_type: 'authorization_code', code: 'x', redirect_uri: 'x' }),
      [],
    ],
    ['a refresh token that does not exist', () => refresh(server, who.spa, 'x'), []],
    // A device's request is kept until its person has answered, in a row that a network has only so many of.
    ['a device that asks for a code', () => askForCode(server, who.tv), ['DeviceCode put']],
    ['a device that asks and polls', async () => poll(server, await deviceFor(server, who.tv)), ['DeviceCode put']],
    ['a device that may not ask', () => askForCode(server, who.web), []],
    // The secret of the form lies in a session, as at sign-out.
    ['the page for a device’s code', () => createVisitor(server.issuer).open('/device?user_code=BBBB-BBBB'), ['Session put']],
    ['a wrong code of a device', () => enterCode(createVisitor(server.issuer), 'BBBB-BBBB'), ['Session put', 'Session put']],
    ['a code of a device from no page of ours', () => createVisitor(server.issuer).fetch('/device', { method: 'POST' }), []],
    [
      'a code of a device that is confirmed before anybody has signed in',
      async () => {
        const visitor = createVisitor(server.issuer)
        const page = await enterCode(visitor, (await deviceFor(server, who.tv)).user_code)
        await visitor.submit(page, '/device', { confirm: 'yes' })
      },
      ['DeviceCode put', 'Session put', 'Session put', 'DeviceCode replace', 'Interaction put'],
    ],
    [
      'questions about tokens, and revocations, of whoever has no credentials',
      () =>
        Promise.all(
          ['introspection', 'revocation'].flatMap((endpoint) =>
            ['token=x', 'token=x&client_id=spa', `token=${jwt}&client_id=spa`, `token=${jwt}`].map((body) =>
              fetch(`${server.issuer}/${endpoint}`, {
                method: 'POST',
                body,
                headers: { 'content-type': 'application/x-www-form-urlencoded' },
              }),
            ),
          ),
        ),
      [],
    ],
    // What it asks has to be found again; bounded in size, and gone when no sign-in that it began can be under way.
    [
      'a pushed request of a public client',
      () =>
        fetch(`${server.issuer}/par`, {
          method: 'POST',
          body: authorizationUrl(server.issuer, 'spa', challenge).searchParams,
        }),
      ['PushedAuthorizationRequestContent put', 'PushedAuthorizationRequest put'],
    ],
    [
      'a pushed request, or an assertion, of whoever is not the client',
      () =>
        Promise.all(
          ['/par', '/token'].map((path) =>
            fetch(server.issuer + path, {
              method: 'POST',
              body: new URLSearchParams({
                ...Object.fromEntries(authorizationUrl(server.issuer, 'web', challenge).searchParams),
                grant_type: 'client_credentials',
                client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
                client_assertion: jwt as string,
              }),
            }),
          ),
        ),
      [],
    ],
    ['userinfo without a token', () => fetch(`${server.issuer}/userinfo`), []],
  ]
  for (const [what, act, volatile] of strangers) {
    it(`of a stranger: ${what} adds nothing that lasts`, async () => {
      expect(await writtenBy(act)).to.deep.equal({ durable: [], volatile })
    })
  }
  it('of a stranger: the cookie of a session that is gone adds nothing that lasts', async () => {
    const { visitor } = await codeFor(server, who.web)
    const { id } = (await server.parts.accounts.findByEmail(who.email))!
    await server.parts.store.artifacts.removeBound({ account: id })
    const { durable } = await writtenBy(() => begin(visitor))
    expect(durable.filter((write) => !write.endsWith('remove'))).to.deep.equal([])
  })

  it('of a machine: a token adds nothing at all', async () => {
    const written = await writtenBy(() => token(server, who.machine, { grant_type: 'client_credentials', scope: 'notes:read' }))
    expect(written).to.deep.equal({ durable: [], volatile: [] })
  })
  it('of a machine: a token that it revokes is remembered, once', async () => {
    const { body } = await token(server, who.machine, { grant_type: 'client_credentials', scope: 'notes:read' })
    expect(await writtenBy(() => revoke(server, who.machine, body.access_token!))).to.deep.equal({
      durable: ['RevokedToken put'],
      volatile: [],
    })
    expect(await writtenBy(() => revoke(server, who.machine, body.access_token!))).to.deep.equal({ durable: [], volatile: [] })
  })
  it('of a person: signing out adds a notice for each client that is told', async () => {
    const told = { name: 'Told', kind: 'web', redirectUris: [redirectUri], backchannelLogoutUri: 'https://127.0.0.1/told' }
    const { registration, secret } = await server.parts.clients.add(told)
    const { visitor } = await codeFor(server, { id: registration.id, secret })
    const page = await visitor.open('/session/end')
    const { durable } = await writtenBy(() => visitor.submit(page, '/session/end/confirm', { logout: 'yes' }))
    expect(durable.filter((write) => write.startsWith('Notice'))).to.deep.equal(['Notice add'])
  })
  it('of a person: signing in with consent, and each refresh, add what they did before', async () => {
    const visitor = createVisitor(server.issuer)
    const { verifier, challenge: own } = pkce()
    const url = authorizationUrl(server.issuer, 'native', own)
    let answer = new URL('about:blank')
    const signIn = await writtenBy(async () => {
      answer = await passThrough(visitor, await visitor.open(url), { email: who.email })
    })
    expect(signIn.durable).to.have.members([
      'Session put',
      'Session consume',
      'Session put',
      'Session put',
      'Grant insert',
      'AuthorizationCode put',
    ])
    const signed = {
      code: answer.searchParams.get('code')!,
      verifier,
      redirectUri: url.searchParams.get('redirect_uri')!,
      answer,
      visitor,
    }
    let tokens: Record<string, string> = {}
    const exchange = await writtenBy(async () => {
      tokens = (await redeem(server, who.native, signed)).body
    })
    expect(exchange.durable).to.deep.equal(['AuthorizationCode consume', 'RefreshToken put'])
    const rotation = await writtenBy(() => refresh(server, who.native, tokens.refresh_token!))
    expect(rotation.durable).to.deep.equal(['RefreshToken replace'])
    const retry = await writtenBy(() => refresh(server, who.native, tokens.refresh_token!))
    expect(retry.durable).to.deep.equal([])
  })
})
