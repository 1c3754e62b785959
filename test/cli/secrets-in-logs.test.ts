/**
 * L18: the real output of a server, searched for everything that was sent to it or by it and is for its receiver alone: passwords, tokens,
 * codes, cookies, proofs, forms' secrets, e-mail addresses, whole `Authorization` headers. Every flow there is, the refused ones too, with all
 * lines on.
 */
import { expect } from 'chai'
import { grantTypes } from '../../src/settings/client/kinds.ts'
import { createVisitor } from '../../src/try/visitor.ts'
import { deviceFor, letIn, poll } from '../support/device.ts'
import { letterTo, linkOf } from '../support/inbox.ts'
import { addKeyed, assertion, assertionType, keyPair, postAs, proof, requestParameters } from '../support/keyed.ts'
import { apiClients, introspect, revoke } from '../support/questions.ts'
import { type Served, startServed } from '../support/served.ts'
import { otherApi } from '../support/server.ts'
import { authorizationUrl, basic, cast, codeFor, pkce, redeem, refresh, token, tokensFor } from '../support/story.ts'

/** Parameters that everybody may know. Any other that travels is a secret here. */
const open =
  /^(client_id|grant_type|scope|redirect_uri|response_type|response_mode|resource|audience|code_challenge_method|token_type_hint|decision|client_assertion_type|(subject|requested|issued)_token_type|token_type|logout|confirm|prompt|iss|expires_in|interval|verification_uri|error|error_description|error_uri|shown|max_age|acr|ui_locales|post_logout_redirect_uri|ticked)$/

/** Shorter ones are found by chance. */
const leastLength = 9

/** Gathers what travels through `fetch`, until it is let go. */
function gather() {
  /** Each with every name that it travelled under. */
  const secrets = new Map<string, Set<string>>()
  const original = globalThis.fetch
  const keep = (name: string, value: unknown) => {
    if (typeof value !== 'string' || value.length < leastLength || open.test(name)) return
    secrets.set(value, (secrets.get(value) ?? new Set()).add(name))
  }
  const keepAll = (parameters: Iterable<[string, unknown]>) => {
    for (const [name, value] of parameters) keep(name, value)
  }
  const keepCookie = (cookie: string) => keep('cookie', cookie.split(';')[0]?.split('=').slice(1).join('='))
  globalThis.fetch = async (target, init = {}) => {
    const url = new URL(target as string | URL)
    const headers = new Headers(init.headers)
    keepAll(url.searchParams)
    if (init.body instanceof URLSearchParams || typeof init.body === 'string') keepAll(new URLSearchParams(init.body))
    for (const cookie of headers.get('cookie')?.split('; ') ?? []) keepCookie(cookie)
    const authorization = headers.get('authorization') ?? ''
    keep('Authorization', authorization.split(' ')[1])
    if (authorization.startsWith('Basic ')) keep('secret', atob(authorization.slice(6)).split(':')[1])
    keep('DPoP', headers.get('dpop'))
    const response = await original(target, init)
    for (const cookie of response.headers.getSetCookie()) keepCookie(cookie)
    const location = response.headers.get('location')
    if (location) keepAll(new URL(location, url).searchParams)
    if (response.headers.get('content-type')?.includes('json') && !url.pathname.startsWith('/.well-known'))
      keepAll(
        Object.entries((await response.clone().json()) as object).filter(([name]) => !/^(sub|jti|aud|sid|grant)$/.test(name)),
      )
    return response
  }
  const letGo = () => {
    globalThis.fetch = original
  }
  return { secrets, letGo }
}

describe('L18: the log of whole flows', function () {
  this.timeout(120_000)
  let gathered: ReturnType<typeof gather>
  let served: Served
  let subject: string
  let output: string

  before(async () => {
    // Not before: what other tests of this process send is no secret of these flows.
    gathered = gather()
    served = await startServed({
      log: { requests: true },
      signIn: { attemptsPerAccount: 4, attemptsPerNetwork: 1_000, byLink: true },
      outgoing: { allowPrivateNetworks: true },
    })
    const who = await cast(served, ['editor'])
    subject = who.subject
    await everyFlow(served, who)
    await served.stop()
    output = served.output()
    gathered.letGo()
  })
  after(() => gathered.letGo())

  it('has lines of all of them', () => {
    const events = new Set(served.said().map(({ event }) => event))
    expect([...events]).to.include.members([
      'request',
      'refused',
      'sign_in.success',
      'sign_in.refused',
      'authorization.success',
      'mail.delivered',
      'authorization.error',
      'grant.error',
      'grant.revoked',
      'token_exchange.success',
      'end_session.success',
      'device_code.refused',
      'introspection.error',
      'userinfo.error',
      'backchannel_logout.failed',
      'outgoing.refused',
    ])
  })

  it('holds none of what is for its receiver alone', () => {
    const kinds = new Set([...gathered.secrets.values()].flatMap((names) => [...names]))
    expect([...kinds]).to.include.members([
      'password',
      'email',
      'cookie',
      'code',
      'code_verifier',
      'state',
      'nonce',
      'csrf',
      'access_token',
      'refresh_token',
      'id_token',
      'token',
      'client_assertion',
      'DPoP',
      'Authorization',
      'secret',
      'device_code',
      'user_code',
      'request_uri',
      'subject_token',
      'id_token_hint',
    ])
    expect(gathered.secrets.size).to.be.greaterThan(100)
    const found = [...gathered.secrets].filter(([secret]) => holds(output, secret))
    expect(found.map(([secret, names]) => [secret, ...names])).to.deep.equal([])
  })

  it('the control: what is logged is found, as it stands and as it travels', () => {
    expect(holds(output, subject)).to.equal(true)
    expect(holds(`${output}?state=a%20state`, 'a state')).to.equal(true)
  })
})

const holds = (text: string, secret: string) => text.includes(secret) || text.includes(encodeURIComponent(secret))

async function everyFlow(served: Served, who: Awaited<ReturnType<typeof cast>>): Promise<void> {
  const { issuer, parts } = served
  const distinct = { state: 'a-state-of-this-test', nonce: 'a-nonce-of-this-test' }
  // A client that nobody can tell of a sign-out: its endpoint answers nothing.
  const told = { name: 'Told', kind: 'web', redirectUris: ['https://app.example.com/callback'], firstParty: true }
  const { registration, secret } = await parts.clients.add({ ...told, backchannelLogoutUri: 'http://127.0.0.1:9/out' })

  // A person, an app, an API.
  const visitor = createVisitor(issuer)
  const tokens = await tokensFor(served, who.web, distinct, visitor)
  const bearer = (value: string) => fetch(`${issuer}/userinfo`, { headers: { authorization: `Bearer ${value}` } })
  await bearer(tokens.access_token as string)
  await bearer(`${tokens.access_token}x`)
  await redeem(served, { id: registration.id, secret }, await codeFor(served, { id: registration.id, secret }, {}, visitor))
  const apis = await apiClients(served)
  await introspect(served, apis.notes, tokens.access_token as string)
  await fetch(`${issuer}/introspection`, { method: 'POST', body: new URLSearchParams({ token: tokens.access_token as string }) })
  await token(served, apis.notes, {
    grant_type: grantTypes.token_exchange,
    subject_token: tokens.access_token,
    subject_token_type: 'urn:ietf:params:oauth:token-type:access_token',
    audience: otherApi,
  })
  const hint = `/session/end?id_token_hint=${tokens.id_token}&state=a-state-at-the-end`
  await visitor.submit(await visitor.open(hint), '/session/end/confirm', { logout: 'yes' })

  // Replays: the code of a grant that then ends, and the refresh token of one.
  const native = await codeFor(served, who.native, distinct)
  const first = (await redeem(served, who.native, native)).body
  const second = (await refresh(served, who.native, first.refresh_token as string)).body
  await redeem(served, who.native, native)
  await refresh(served, who.native, second.refresh_token as string)
  await revoke(served, who.web, tokens.access_token as string)

  // Keys instead of secrets; pushed and signed requests.
  const keyed = await addKeyed(served, 'keyed', { grants: ['client_credentials'] })
  const form = { client_assertion_type: assertionType, client_assertion: await assertion(served, keyed) }
  const machine = { grant_type: 'client_credentials', scope: 'notes:read' }
  for (const _ of [1, 2]) await token(served, { id: 'keyed' }, { ...machine, ...form })
  const dpop = await proof(await keyPair(), 'POST', `${issuer}/token`)
  for (const _ of [1, 2]) await token(served, who.machine, machine, { dpop })
  const { parameters } = await requestParameters()
  const { body } = await postAs(served, keyed, '/par', { ...parameters, response_type: 'code' })
  await createVisitor(issuer).open(`/auth?client_id=keyed&request_uri=${encodeURIComponent(String(body.request_uri))}`)

  // A device.
  const device = await deviceFor(served, who.tv)
  await poll(served, device)
  await letIn(served, device)
  await poll(served, device)
  const typing = createVisitor(issuer)
  await typing.submit(await typing.open('/device'), '/device', { user_code: 'WRNG-CODE' })

  // A link that signs in: M09.
  const asking = createVisitor(issuer)
  const asked = await asking.open(authorizationUrl(issuer, 'own', pkce().challenge, distinct))
  const [csrf] = asked.forms[0]!.fields.filter(([name]) => name === 'csrf')
  await asking.fetch(`${asked.url.pathname}/link`, { method: 'POST', body: new URLSearchParams([csrf!, ['email', who.email]]) })
  const link = linkOf(await letterTo(served, who.email, 'sign-in-link'))
  const landed = await asking.open(link)
  await asking.submit(landed, landed.url.pathname, {})
  for (const wrong of [link, `${link}x`, link.replace('?token=', '/')]) await asking.open(wrong)

  // What is refused: passwords, secrets, codes, and a token where none belongs.
  const guessing = createVisitor(issuer)
  let page = await guessing.open(authorizationUrl(issuer, 'web', pkce().challenge, distinct))
  for (let n = 0; n < 5; n++)
    page = await guessing.submit(page, '/sign-in', { email: who.email, password: `a wrong password, the ${n}th` })
  await token(served, { id: 'web', secret: 'a-secret-that-is-not-it' }, machine)
  await fetch(`${issuer}/token`, {
    method: 'POST',
    headers: { authorization: basic(who.web) },
    body: 'grant_type=authorization_code&code=a-code-that-is-none',
  })
  await fetch(`${issuer}/userinfo/${second.access_token}`)
  await fetch(`${issuer}/nothing?access_token=${second.access_token}`)
  await fetch(
    `${issuer}/auth?client_id=web&redirect_uri=https://evil.example.com/?s=a-secret-in-an-address&state=a-state-that-goes-nowhere`,
  )
  await served.hear('backchannel_logout.failed')
}
