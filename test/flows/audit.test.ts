/** What is in the audit log after a flow, that it is there before the answer, and what strangers do not add to it. */
import { expect } from 'chai'
import { createVisitor } from '../../src/try/visitor.ts'
import { deviceFor, letIn } from '../support/device.ts'
import { revoke } from '../support/questions.ts'
import { startTestServer, type TestServer } from '../support/server.ts'
import { authorizationUrl, type Cast, cast, codeFor, pkce, redeem, refresh, token, tokensFor } from '../support/story.ts'

describe('the audit log of the server', () => {
  let server: TestServer
  let who: Cast
  let last: number
  before(async () => {
    server = await startTestServer({ settings: { refreshTokens: { windowSeconds: 0 } } })
    who = await cast(server)
  })
  after(() => server.close())
  const rows = () => server.parts.store.audit.list({ afterId: last }, 100, 'oldest first')
  beforeEach(async () => {
    last = (await server.parts.store.audit.list({}, 1))[0]?.id ?? 0
  })
  const said = async () => (await rows()).map(({ act, actor, account, client }) => ({ act, actor, account, client }))
  const person = () => `account:${who.subject}`

  it('has who allowed what, from where, by which request', async () => {
    await codeFor(server, who.web)
    const [row, ...more] = await rows()
    expect(more).to.deep.equal([])
    expect(row).to.deep.include({ act: 'consent.granted', actor: person(), account: who.subject, client: 'web' })
    expect(row?.detail).to.deep.equal({ permissions: ['openid', 'notes:read'] })
    expect(row?.from).to.be.oneOf(['127.0.0.1', '0:0:0:0'])
    expect(row?.request).to.match(/^[0-9a-f-]{36}$/)
  })

  it('has a grant that ended because its code came twice, once, whoever sends it how often', async () => {
    const signed = await codeFor(server, who.native)
    await redeem(server, who.native, signed)
    for (const _ of [1, 2, 3]) await redeem(server, who.native, signed)
    const ended = (await rows()).filter(({ act }) => act === 'grant.ended')
    expect(ended).to.have.length(1)
    expect(ended[0]).to.deep.include({ actor: 'client:native', client: 'native', detail: { by: 'token' } })
  })

  it('has a grant that ended by a refresh token that was used before, and by revocation', async () => {
    const { refresh_token } = await tokensFor(server, who.native)
    await refresh(server, who.native, refresh_token as string)
    await refresh(server, who.native, refresh_token as string)
    const { refresh_token: other } = await tokensFor(server, who.web, { scope: 'openid offline_access', prompt: 'consent' })
    await revoke(server, who.web, other as string)
    const ended = (await rows()).filter(({ act }) => act === 'grant.ended')
    expect(ended.map(({ client, account, detail }) => ({ client, account, detail }))).to.deep.equal([
      { client: 'native', account: who.subject, detail: { by: 'token' } },
      { client: 'web', account: who.subject, detail: { by: 'revocation' } },
    ])
  })

  it('has a sign-out, and the grants that it ended', async () => {
    const visitor = createVisitor(server.issuer)
    await tokensFor(server, who.web, {}, visitor)
    last = (await server.parts.store.audit.list({}, 1))[0]?.id ?? 0
    await visitor.submit(await visitor.open('/session/end'), '/session/end/confirm', { logout: 'yes' })
    expect(await said()).to.deep.equal(
      [
        { act: 'grant.ended', actor: person(), account: who.subject, client: undefined },
        { act: 'session.ended', actor: person(), account: who.subject, client: undefined },
      ].map(({ client: _, ...row }) => ({ ...row, client: undefined })),
    )
  })

  it('has a switch of the account', async () => {
    const visitor = createVisitor(server.issuer)
    await codeFor(server, who.web, {}, visitor)
    last = (await server.parts.store.audit.list({}, 1))[0]?.id ?? 0
    const page = await visitor.open(authorizationUrl(server.issuer, 'web', pkce().challenge, { prompt: 'consent' }))
    await visitor.submit(page, '/switch', {})
    expect(await said()).to.deep.include({ act: 'session.ended', actor: person(), account: who.subject, client: 'web' })
    const all = await rows()
    expect(all.map(({ act }) => act)).to.deep.equal(['grant.ended', 'session.ended'])
    for (const { actor, from } of all) expect([actor, from]).to.deep.equal([person(), all[1]?.from])
  })

  it('has a device that was let in', async () => {
    await letIn(server, await deviceFor(server, who.tv))
    expect(await said()).to.deep.include({ act: 'consent.granted', actor: person(), account: who.subject, client: 'television' })
  })

  it('has what changes accounts and clients, each in the commit of the change', async () => {
    const { accounts, clients } = server.parts
    const { id } = await accounts.add({ email: 'grace@example.com', password: 'a long password' })
    await accounts.setClaims('grace@example.com', { nickname: 'Amazing Grace' })
    await accounts.disable('grace@example.com')
    await accounts.enable('grace@example.com')
    await accounts.setPassword('grace@example.com', 'another long password')
    const { registration } = await clients.add({ name: 'Job', kind: 'machine' })
    await clients.rotateSecret(registration.id, 0)
    await clients.remove(registration.id)
    const all = await rows()
    expect(all.map(({ act, account, client }) => [act, account ?? client])).to.deep.equal([
      ['account.added', id],
      ['account.claims_set', id],
      ['account.disabled', id],
      ['account.enabled', id],
      ['account.password_set', id],
      ['client.added', registration.id],
      ['client.secret_rotated', registration.id],
      ['client.removed', registration.id],
    ])
    for (const { actor, from } of all) expect([actor, from]).to.deep.equal([all[0]?.actor, 'command line'])
    expect(JSON.stringify(all)).to.not.match(/password"|Amazing|grace@|sgs_/)
  })

  it('has nothing of what was refused', async () => {
    const { accounts, clients } = server.parts
    const refused = [
      () => accounts.add({ email: who.email, password: 'a long password' }),
      () => accounts.setRoles(who.email, ['nothing']),
      () => accounts.disable('nobody@example.com'),
      () => clients.add({ id: 'web', name: 'Web', kind: 'machine' }),
      () => clients.rotateSecret('spa', 0),
      () => clients.remove('nobody'),
    ]
    for (const act of refused) expect(await act().catch(({ code }) => code)).to.be.a('string')
    expect(await said()).to.deep.equal([])
  })

  it('has an account once of twenty that were added with one address at the same moment', async () => {
    const adding = Array.from({ length: 20 }, () =>
      server.parts.accounts.add({ email: 'race@example.com', password: 'a long password' }),
    )
    await Promise.allSettled(adding)
    expect((await said()).map(({ act }) => act)).to.deep.equal(['account.added'])
  })

  it('has nothing of strangers, nor of a sign-in, a refresh or a machine’s token', async () => {
    const visitor = createVisitor(server.issuer)
    const page = await visitor.open(authorizationUrl(server.issuer, 'web', pkce().challenge))
    await visitor.submit(page, '/sign-in', { email: who.email, password: 'wrong' })
    await codeFor(server, who.own)
    await token(server, who.machine, { grant_type: 'client_credentials', scope: 'notes:read' })
    await token(server, { id: 'web', secret: 'wrong' }, { grant_type: 'client_credentials' })
    await redeem(server, who.native, {
      code: 'none',
      verifier: 'x'.repeat(43),
      redirectUri: 'http://127.0.0.1/',
      answer: new URL('a:b'),
      visitor,
    })
    const stranger = createVisitor(server.issuer)
    await stranger.open('/session/end')
    await stranger.fetch('/session/end/confirm', { method: 'POST', body: new URLSearchParams({ logout: 'yes', xsrf: 'x' }) })
    expect(await said()).to.deep.equal([])
  })

  it('answers nobody whose act could not be written down', async () => {
    const { audit } = server.parts.store
    const { add } = audit
    audit.add = () => Promise.reject(new Error('disk full'))
    try {
      expect(await codeFor(server, who.exempt).catch(({ message }) => message)).to.match(/^still at .*\(500\)/)
      expect(await server.parts.accounts.enable(who.email).catch(({ message }) => message)).to.equal('disk full')
    } finally {
      audit.add = add
    }
  })
})

describe('the audit log of a server that is told to have sign-ins too', () => {
  it('has them', async () => {
    const server = await startTestServer({ settings: { audit: { signIns: true } } })
    const who = await cast(server)
    await codeFor(server, who.own)
    const [row] = await server.parts.audit.list({ act: 'session.began' }, 10)
    await server.close()
    expect(row).to.include({ actor: `account:${who.subject}`, account: who.subject, client: 'own' })
  })
})
