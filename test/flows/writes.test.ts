/**
 * What each request writes, counted. A stranger adds no row to the durable store, whatever they ask for. What a stranger adds to the volatile
 * store stands here by name, with its reason; a new line here is a decision. Counted are artifacts, sentences of revocation, and notices and letters that are owed. Not counted are
 * counters, which are bounded by the networks and clients that they count, and what the command line alone writes: accounts and clients.
 */
import { expect } from 'chai'
import { createVisitor } from '../../src/try/visitor.ts'
import { personsKey, wrapped } from '../support/api-keys.ts'
import { askForCode, deviceFor, enterCode, letIn, poll } from '../support/device.ts'
import { letterTo, linkOf } from '../support/inbox.ts'
import { revoke } from '../support/questions.ts'
import { declared, startTestServer, type TestServer } from '../support/server.ts'
import {
  authorizationUrl,
  type Cast,
  type Credentials,
  cast,
  codeFor,
  passThrough,
  pkce,
  redeem,
  redirectUri,
  refresh,
  token,
} from '../support/story.ts'
import { rowsOf, sendAll, strangerRequests } from '../support/strangers.ts'
import { countWrites, type WritesOf } from '../support/writes.ts'

describe('writes', () => {
  let server: TestServer
  let who: Cast
  let jwt: string | undefined
  let writtenBy: WritesOf

  before(async () => {
    server = await startTestServer({
      settings: { registration: { open: true }, apis: declared.apis.map((one) => ({ ...one, apiKeys: true })) },
    })
    who = await cast(server)
    jwt = (await token(server, who.machine, { grant_type: 'client_credentials', scope: 'notes:read' })).body.access_token
    writtenBy = countWrites(server)
  })
  after(() => server.close())

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
      () =>
        Promise.all(
          ['/.well-known/openid-configuration', '/jwks', '/revocations', '/revocations?after=x.1&wait=1'].map((path) =>
            fetch(server.issuer + path),
          ),
        ),
      [],
    ],
    ['a broken authorization request', () => createVisitor(server.issuer).open('/auth?client_id=web'), []],
    ['an authorization request', () => begin(), []],
    // More than a cookie holds; a network has only so many.
    [
      'an authorization request of three thousand characters',
      () => createVisitor(server.issuer).open(authorizationUrl(server.issuer, 'web', challenge, { state: 'x'.repeat(3_000) })),
      ['Interaction put'],
    ],
    [
      'a wrong password',
      async () => {
        const visitor = createVisitor(server.issuer)
        await visitor.submit(await begin(visitor), '/sign-in', { email: who.email, password: 'wrong' })
      },
      [],
    ],
    [
      'a password that is forgotten, of somebody and of nobody',
      async () => {
        const visitor = createVisitor(server.issuer)
        for (const email of [who.email, 'nobody@example.com'])
          await visitor.submit(await visitor.open('/recovery'), '/recovery', { email })
      },
      [],
    ],
    [
      'an account that is asked for, by somebody new and by somebody who has one, and its link looked at',
      async () => {
        const visitor = createVisitor(server.issuer)
        for (const email of [who.email, 'somebody-new@example.com']) {
          const typed = { email, name: 'Some Body', password: 'four words of no kin' }
          await visitor.submit(await visitor.open('/sign-up'), '/sign-up', typed)
        }
        await visitor.open(linkOf(await letterTo(server, 'somebody-new@example.com', 'sign-up')))
      },
      [],
    ],
    ['sign-out with nobody signed in', () => createVisitor(server.issuer).open('/session/end'), []],
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
    ['the page for a device’s code', () => createVisitor(server.issuer).open('/device?user_code=BBBB-BBBB'), []],
    ['a wrong code of a device', () => enterCode(createVisitor(server.issuer), 'BBBB-BBBB'), []],
    ['a code of a device from no page of ours', () => createVisitor(server.issuer).fetch('/device', { method: 'POST' }), []],
    [
      'a code of a device that is confirmed before anybody has signed in',
      async () => {
        const visitor = createVisitor(server.issuer)
        const page = await enterCode(visitor, (await deviceFor(server, who.tv)).user_code)
        await visitor.submit(page, '/device', { confirm: 'yes' })
      },
      ['DeviceCode put', 'DeviceCode replace'],
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
    [
      'an API key that leaked, and is none',
      () =>
        fetch(`${server.issuer}/api-keys/leaked`, { method: 'POST', body: new URLSearchParams({ key: wrapped(jwt as string) }) }),
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
    expect(await writtenBy(() => begin(visitor))).to.deep.equal({ durable: [], volatile: [] })
  })

  it('X07 of strangers: a thousand requests of every kind leave as many rows as there were', async () => {
    const requests = await strangerRequests(server, who)
    const before = rowsOf(server)
    await sendAll(requests, 1_000)
    expect(rowsOf(server)).to.deep.equal(before)
    await deviceFor(server, who.tv)
    expect(rowsOf(server), 'the control').to.deep.equal({ ...before, 'volatile artifacts': before['volatile artifacts']! + 1 })
  })

  it('of a machine: a token adds nothing at all', async () => {
    const written = await writtenBy(() => token(server, who.machine, { grant_type: 'client_credentials', scope: 'notes:read' }))
    expect(written).to.deep.equal({ durable: [], volatile: [] })
  })
  it('of a machine: a token that it revokes is remembered, once', async () => {
    const { body } = await token(server, who.machine, { grant_type: 'client_credentials', scope: 'notes:read' })
    expect(await writtenBy(() => revoke(server, who.machine, body.access_token!))).to.deep.equal({
      durable: ['Sentence token'],
      volatile: [],
    })
    expect(await writtenBy(() => revoke(server, who.machine, body.access_token!))).to.deep.equal({ durable: [], volatile: [] })
  })
  it('of whoever found an API key: its end is written, with a letter, and another report of it adds nothing', async () => {
    const key = await personsKey(server, who.email)
    const report = () => fetch(`${server.issuer}/api-keys/leaked`, { method: 'POST', body: new URLSearchParams({ key }) })
    const { durable, volatile } = await writtenBy(report)
    expect(durable).to.have.members(['Sentence token', 'Sentence grant', 'Letter add'])
    expect(volatile).to.deep.equal([])
    expect(await writtenBy(report)).to.deep.equal({ durable: [], volatile: [] })
  })
  it('of a person: signing out adds a notice for each client that is told', async () => {
    const told = { name: 'Told', kind: 'web', redirectUris: [redirectUri], backchannelLogoutUri: 'https://127.0.0.1/told' }
    const { registration, secret } = await server.parts.clients.add(told)
    const { visitor } = await codeFor(server, { id: registration.id, secret })
    const page = await visitor.open('/session/end')
    const { durable } = await writtenBy(() => visitor.submit(page, '/session/end/confirm', { logout: 'yes' }))
    expect(durable.filter((write) => write.startsWith('Notice'))).to.deep.equal(['Notice add'])
  })
  it('of a person: signing in where nobody asks for consent adds the grant and the session, and coming back nothing', async () => {
    const { visitor, durable, volatile } = await signedInWith(who.own)
    expect({ durable, volatile }).to.deep.equal({ durable: ['Grant insert', 'Session insert'], volatile: [] })
    for (const client of [who.own, who.web]) {
      await codeFor(server, client, {}, visitor)
      const silent = await writtenBy(() => codeFor(server, client, {}, visitor))
      expect(silent, client.id).to.deep.equal({ durable: [], volatile: [] })
    }
  })
  it('of a person: signing in at a browser that was not seen with the account owes a letter, and coming back none', async () => {
    const telling = await startTestServer({ settings: { signIn: { newDeviceLetters: true } } })
    const { own } = await cast(telling)
    const count = countWrites(telling)
    const visitor = createVisitor(telling.issuer)
    const signIn = () => codeFor(telling, own, { prompt: 'login' }, visitor)
    const writes = [await count(signIn), await count(signIn)].map(({ durable }) => durable.filter((one) => one === 'Letter add'))
    expect(writes).to.deep.equal([['Letter add'], []])
    await telling.close()
  })
  it('of a person: the password once more adds the session under its new value', async () => {
    const { visitor } = await signedInWith(who.own)
    const again = await writtenBy(() => codeFor(server, who.own, { prompt: 'login' }, visitor))
    expect(again).to.deep.equal({ durable: ['Session replace'], volatile: [] })
  })
  it('of a person: a code beside which a long state goes is a row', async () => {
    const { visitor } = await signedInWith(who.own)
    const written = await writtenBy(() => codeFor(server, who.own, { state: 'x'.repeat(1_200) }, visitor))
    expect(written).to.deep.equal({ durable: ['AuthorizationCode put'], volatile: [] })
  })
  it('of a person: letting a device in adds the grant, the session and the device’s code', async () => {
    const device = await deviceFor(server, who.tv)
    const visitor = createVisitor(server.issuer)
    const written = await writtenBy(() => letIn(server, device, visitor))
    expect(written.durable).to.deep.equal(['Grant insert', 'Session insert'])
    expect(written.volatile).to.deep.equal(['DeviceCode replace', 'DeviceCode replace'])
    expect(await writtenBy(() => poll(server, device))).to.deep.equal({
      durable: ['RefreshToken put'],
      volatile: ['DeviceCode consume'],
    })
  })
  it('of a person: a session’s end takes its grants along and leaves a stone in its place', async () => {
    const { visitor } = await signedInWith(who.own)
    const page = await visitor.open('/session/end')
    const { durable } = await writtenBy(() => visitor.submit(page, '/session/end/confirm', { logout: 'yes' }))
    expect(durable).to.deep.equal(['Grant remove', 'Sentence grant', 'Session replace'])
  })

  async function signedInWith(client: Credentials) {
    const visitor = createVisitor(server.issuer)
    const written = await writtenBy(() => codeFor(server, client, {}, visitor))
    return { visitor, ...written }
  }
  it('of a person: signing in with consent, and each refresh, add what they did before', async () => {
    const visitor = createVisitor(server.issuer)
    const { verifier, challenge: own } = pkce()
    const url = authorizationUrl(server.issuer, 'native', own)
    let answer = new URL('about:blank')
    const signIn = await writtenBy(async () => {
      answer = await passThrough(visitor, await visitor.open(url), { email: who.email })
    })
    expect(signIn).to.deep.equal({
      durable: ['Grant insert', 'Session insert'],
      volatile: [],
    })
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
    expect(exchange.durable).to.deep.equal(['AuthorizationCode insert', 'RefreshToken put'])
    const rotation = await writtenBy(() => refresh(server, who.native, tokens.refresh_token!))
    expect(rotation.durable).to.deep.equal(['RefreshToken replace'])
    const retry = await writtenBy(() => refresh(server, who.native, tokens.refresh_token!))
    expect(retry.durable).to.deep.equal([])
  })
})
