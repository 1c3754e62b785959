/**
 * A grant that ended stays ended, and a refusal stays one, whatever else is written to the grant at that moment. What happens in between
 * happens exactly there: after the grant was read, before it is written. A store that does not look shows that it would be seen.
 */
import { expect } from 'chai'
import { createVisitor, type Page, type Visitor } from '../../src/try/visitor.ts'
import { introspect, revoke } from '../support/questions.ts'
import { api, startTestServer, type TestServer } from '../support/server.ts'
import {
  authorizationUrl,
  type Cast,
  type Credentials,
  cast,
  codeFor,
  pkce,
  redeem,
  signedFrom,
  tokensFor,
} from '../support/story.ts'

const scopes = 'openid notes:read notes:write'
const values = (...names: string[]) => names.map((name) => (name === 'openid' ? name : `${api} ${name}`))

describe('a grant that is written', () => {
  let server: TestServer
  let who: Cast
  let between: (() => Promise<unknown>) | undefined
  let isNaive = false
  before(async () => {
    server = await startTestServer()
    who = await cast(server)
    const { artifacts } = server.parts.store
    const { replace, put } = artifacts
    artifacts.replace = async (artifact, version) => {
      if (artifact.model !== 'Grant') return replace(artifact, version)
      const act = between
      between = undefined
      await act?.()
      if (!isNaive) return replace(artifact, version)
      await put(artifact)
      return true
    }
  })
  after(() => server.close())
  afterEach(() => {
    expect(between, 'nothing was written').to.equal(undefined)
    isNaive = false
  })

  const begin = async (visitor: Visitor, client: Credentials, scope = scopes) => {
    const { verifier, challenge } = pkce()
    const url = authorizationUrl(server.issuer, client.id, challenge, { scope, prompt: 'consent' })
    return { url, verifier, page: await visitor.open(url) }
  }
  const allow = (visitor: Visitor, page: Page, scope: string[]) => visitor.submit(page, '/consent', { decision: 'allow', scope })

  /** A consent while the grant that it adds to is revoked. */
  async function consentOverRevocation() {
    const visitor = createVisitor(server.issuer)
    const tokens = await tokensFor(server, who.web, {}, visitor)
    const { url, verifier, page } = await begin(visitor, who.web)
    between = () => revoke(server, who.web, tokens.access_token!)
    const { leftTo } = await allow(visitor, page, values('openid', 'notes:read', 'notes:write'))
    const next = await redeem(server, who.web, signedFrom(url, leftTo, verifier, visitor))
    return { isBack: (await introspect(server, who.web, tokens.access_token!)).active, next }
  }

  /** An answer that refuses `notes:write`, while another page that was opened before is answered too. */
  async function refusalBesideAnswer() {
    const visitor = createVisitor(server.issuer)
    await tokensFor(server, who.spa, { scope: scopes }, visitor)
    const [refusing, other] = [await begin(visitor, who.spa), await begin(visitor, who.spa, 'openid notes:read')]
    between = () => allow(visitor, refusing.page, values('openid', 'notes:read'))
    await allow(visitor, other.page, values('openid', 'notes:read'))
    const { code, ...signed } = await codeFor(server, who.spa, { scope: scopes, prompt: 'none' }, visitor)
    return (await redeem(server, who.spa, { code, ...signed })).body.scope
  }

  it('when it has ended is another grant, and leaves the tokens of the first dead', async () => {
    const { isBack, next } = await consentOverRevocation()
    expect(isBack).to.equal(false)
    expect(next.body.scope).to.include('notes:write')
    expect((await introspect(server, who.web, next.body.access_token!)).active).to.equal(true)
  })

  it('for a first-party client when it has ended is another grant too', async () => {
    const visitor = createVisitor(server.issuer)
    const tokens = await tokensFor(server, who.own, {}, visitor)
    between = () => revoke(server, who.own, tokens.access_token!)
    const { body } = await redeem(server, who.own, await codeFor(server, who.own, { scope: scopes }, visitor))
    expect((await introspect(server, who.own, tokens.access_token!)).active).to.equal(false)
    expect((await introspect(server, who.own, body.access_token!)).active).to.equal(true)
  })

  it('by two answers at once keeps what either refused', async () => {
    expect(await refusalBesideAnswer())
      .to.include('notes:read')
      .and.not.include('notes:write')
  })

  it('the control: a store that does not look brings the tokens back, and loses the refusal', async () => {
    isNaive = true
    // The sentence about the grant would keep them dead all the same.
    server.parts.store.revocations.find = async () => []
    expect((await consentOverRevocation()).isBack).to.equal(true)
    expect(await refusalBesideAnswer()).to.include('notes:write')
  })
})
