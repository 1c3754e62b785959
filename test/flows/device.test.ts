/** A device without a browser signs a person in by a code that they type on another screen (RFC 8628). */
import { expect } from 'chai'
import { decodeJwt } from 'jose'
import { Refusal } from '../../src/base/errors.ts'
import { createVisitor, type Page } from '../../src/try/visitor.ts'
import { askForCode, confirmCode, type Device, deviceFor, enterCode, letIn, poll } from '../support/device.ts'
import { api, startTestServer, type TestServer } from '../support/server.ts'
import { type Cast, cast, type Parameters, password, refresh } from '../support/story.ts'
import { returnToPresent, travel } from '../support/time.ts'

describe('a device', () => {
  let server: TestServer
  let who: Cast
  before(async () => {
    server = await startTestServer()
    who = await cast(server, ['editor'])
    const base = { kind: 'native', redirectUris: ['http://127.0.0.1/callback'], apis: { [api]: ['notes:read'] } }
    await server.parts.clients.add({ ...base, id: 'command-line', name: 'A command line', grants: ['device_code'] })
    await server.parts.clients.add({
      id: 'our-own-tv',
      name: 'Our TV',
      kind: 'device',
      firstParty: true,
      apis: { [api]: ['notes:read'] },
    })
  })
  afterEach(returnToPresent)
  after(() => server.close())

  it('gets a code, an address to type it at, and how long and how often to ask', async () => {
    const answer = await askForCode(server, who.tv)
    expect(answer.headers.get('cache-control')).to.equal('no-store')
    const { device_code, user_code, ...rest } = (await answer.json()) as Device
    expect(user_code).to.match(/^[BCDFGHJKLMNPQRSTVWXZ]{4}-[BCDFGHJKLMNPQRSTVWXZ]{4}$/)
    expect(device_code).to.have.length.greaterThan(40)
    expect(rest).to.deep.equal({
      verification_uri: `${server.issuer}/device`,
      verification_uri_complete: `${server.issuer}/device?user_code=${user_code}`,
      expires_in: 600,
      interval: 5,
    })
  })

  it('asks by POST, and a person who opens the address is told so', async () => {
    for (const method of ['GET', 'PUT']) {
      const answer = await fetch(`${server.issuer}/device/auth`, { method, headers: { accept: 'text/html' } })
      expect([answer.status, answer.headers.get('allow')], method).to.deep.equal([405, 'POST, OPTIONS'])
      expect(await answer.text(), method).to.include('for programs')
    }
  })

  it('gets tokens that say who signed in and how, once its person has let it in, and once only', async () => {
    const device = await deviceFor(server, who.tv, { scope: 'openid email notes:read notes:delete' })
    const done = await letIn(server, device)
    expect(done.html).to.include('Your device is connected').and.include('The television app')
    const { status, body, headers } = await poll(server, device)
    expect(status, JSON.stringify(body)).to.equal(200)
    expect(headers.get('cache-control')).to.equal('no-store')
    expect(decodeJwt(body.access_token!)).to.deep.include({
      aud: api,
      sub: who.subject,
      client_id: 'television',
      scope: 'openid email notes:read notes:delete',
      roles: ['editor'],
      acr: 'urn:signet:acr:password',
      amr: ['pwd'],
    })
    expect(decodeJwt(body.access_token!)).to.include.keys('auth_time', 'sid', 'grant')
    expect(decodeJwt(body.id_token!)).to.include({ sub: who.subject, aud: 'television' })
    const next = await refresh(server, who.tv, body.refresh_token!)
    expect(decodeJwt(next.body.access_token!)).to.include({ acr: 'urn:signet:acr:password', sub: who.subject })
    expect((await poll(server, device)).body.error).to.equal('invalid_grant')
  })

  it('waits meanwhile, and is told to slow down when it asks too often', async () => {
    const device = await deviceFor(server, who.tv)
    const answers: unknown[] = []
    for (const seconds of [0, 1, 5, 5, 1]) {
      travel(seconds)
      const { status, body } = await poll(server, device)
      answers.push([status, body.error])
    }
    expect(answers).to.deep.equal([
      [400, 'authorization_pending'],
      [400, 'slow_down'],
      [400, 'authorization_pending'],
      [400, 'authorization_pending'],
      [400, 'slow_down'],
    ])
    await letIn(server, device)
    expect((await poll(server, device)).status, 'who is let in is not made to wait').to.equal(200)
  })

  it('is told when its person refuses, be it the code or the permissions', async () => {
    const refusals: Record<string, (device: Device) => Promise<Page>> = {
      code: async ({ user_code }) => {
        const visitor = createVisitor(server.issuer)
        return visitor.submit(await enterCode(visitor, user_code), '/device', { abort: 'yes' })
      },
      permissions: async ({ user_code }) => {
        const visitor = createVisitor(server.issuer)
        const consent = await confirmCode(visitor, await enterCode(visitor, user_code))
        return visitor.submit(consent, '/consent', { decision: 'deny' })
      },
      'sign-in': async ({ user_code }) => {
        const visitor = createVisitor(server.issuer)
        const signIn = await visitor.submit(await enterCode(visitor, user_code), '/device', { confirm: 'yes' })
        return visitor.submit(signIn, '/cancel', {})
      },
    }
    for (const [what, refuse] of Object.entries(refusals)) {
      const device = await deviceFor(server, who.tv)
      const page = await refuse(device)
      expect(page.html, what).to.include('Your device was not connected')
      expect(page.status, what).to.equal(200)
      expect((await poll(server, device)).body.error, what).to.equal('access_denied')
      expect((await poll(server, device)).body.error, what).to.equal('invalid_grant')
    }
  })

  it('is told that its code has expired, and so is whoever types it', async () => {
    const device = await deviceFor(server, who.tv)
    travel(device.expires_in + 1)
    expect((await poll(server, device)).body.error).to.equal('expired_token')
    const page = await enterCode(createVisitor(server.issuer), device.user_code)
    expect(page.html).to.include('This code has expired')
  })

  it('gets nothing for a code that expired while its person was signing in', async () => {
    const device = await deviceFor(server, who.tv)
    const visitor = createVisitor(server.issuer)
    travel(device.expires_in / 2)
    const consent = await confirmCode(visitor, await enterCode(visitor, device.user_code))
    travel(device.expires_in / 2 + 1)
    const page = await visitor.submit(consent, '/consent', { decision: 'allow' })
    expect(page.html).to.include('This code has expired').and.include('href="/device"')
    expect(page.status).to.equal(400)
    expect((await poll(server, device)).body.error).to.equal('expired_token')
  })

  it('gets nothing for the code of another device, an unknown one, or none', async () => {
    const device = await deviceFor(server, who.tv)
    await letIn(server, device)
    const refused = async (changes: Parameters, client = who.tv) => {
      const { status, body } = await poll(server, { ...device, client }, changes)
      return [status, body.error]
    }
    expect(await refused({}, { id: 'command-line' })).to.deep.equal([400, 'invalid_grant'])
    expect(await refused({ device_code: `${device.device_code}x` })).to.deep.equal([400, 'invalid_grant'])
    expect(await refused({ device_code: device.user_code })).to.deep.equal([400, 'invalid_grant'])
    expect(await refused({ device_code: undefined })).to.deep.equal([400, 'invalid_request'])
    expect((await poll(server, device)).status, 'the control').to.equal(200)
  })

  it('has to be a client that may: a TV, or an app that says so', async () => {
    for (const id of ['web', 'spa', 'native']) {
      const post = { client_secret: who.web.secret ?? '' }
      const answer = await askForCode(server, { id }, id === 'web' ? post : {})
      expect([answer.status, ((await answer.json()) as { error: string }).error], id).to.deep.equal([400, 'unauthorized_client'])
    }
    expect((await askForCode(server, { id: 'command-line' })).status).to.equal(200)
    for (const [id, status] of [
      ['nobody', 401],
      ['machine', 401],
    ] as const)
      expect((await askForCode(server, { id })).status, id).to.equal(status)
  })

  it('gets at most what the person ticks and their roles allow, for the API that it names', async () => {
    const { email } = await server.parts.accounts.add({ email: 'bea@example.com', password })
    const device = await deviceFor(server, who.tv, { scope: 'openid email notes:read notes:write notes:delete', resource: api })
    const visitor = createVisitor(server.issuer)
    const consent = await confirmCode(visitor, await enterCode(visitor, device.user_code), email)
    expect(consent.html).to.include('the device whose code you entered').and.not.include('Delete notes')
    await visitor.submit(consent, '/consent', { decision: 'allow', scope: ['email', `${api} notes:read`] })
    const { body } = await poll(server, device)
    expect(decodeJwt(body.access_token!)).to.include({ aud: api, scope: 'openid email notes:read' })
    const bad = await askForCode(server, who.tv, { resource: 'https://elsewhere.example.com' })
    expect(((await bad.json()) as { error: string }).error).to.equal('invalid_target')
  })

  it('is asked about each time, also by somebody who is signed in and allowed it before, and of the operator’s own', async () => {
    for (const id of ['our-own-tv', 'command-line']) {
      const visitor = createVisitor(server.issuer)
      for (const time of ['first', 'second']) {
        const device = await deviceFor(server, { id })
        const consent = await confirmCode(visitor, await enterCode(visitor, device.user_code))
        expect(consent.html, `${id}, the ${time} time`).to.include('/consent"')
        await visitor.submit(consent, '/consent', { decision: 'allow' })
        expect((await poll(server, device)).status).to.equal(200)
      }
    }
  })

  it('ends with the session of the person who let it in, unless it may go on while they are away', async () => {
    const sessions: Record<string, number> = { 'openid notes:read': 400, 'openid offline_access notes:read': 200 }
    for (const [scope, status] of Object.entries(sessions)) {
      const device = await deviceFor(server, who.tv, { scope })
      const visitor = createVisitor(server.issuer)
      await letIn(server, device, visitor)
      const { body } = await poll(server, device)
      await visitor.submit(await visitor.open('/session/end'), '/session/end/confirm', { logout: 'yes' })
      expect((await refresh(server, who.tv, body.refresh_token!)).status, scope).to.equal(status)
    }
  })

  it('X08 is told to come back later when there is no room for its code', async () => {
    const { volatile } = server.parts.store
    const { put } = volatile
    volatile.put = async () => {
      throw new Refusal('store_full', 'There is no room.', { status: 503, retryAfterSeconds: 7 })
    }
    try {
      const answer = await askForCode(server, who.tv)
      expect([answer.status, answer.headers.get('retry-after')]).to.deep.equal([503, '7'])
      expect(await answer.json()).to.include({ error: 'temporarily_unavailable' })
    } finally {
      volatile.put = put
    }
    expect((await askForCode(server, who.tv)).status, 'the control').to.equal(200)
  })

  it('may not ask for more than is kept for it', async () => {
    expect((await askForCode(server, who.tv, { scope: 'openid', login_hint: 'x'.repeat(9_000) })).status).to.equal(413)
    expect((await askForCode(server, who.tv, { scope: 'openid', login_hint: 'x'.repeat(900) })).status).to.equal(200)
  })
})
