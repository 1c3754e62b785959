/** The pages on which a person lets a device in: what they say, what they refuse, and how guessing a code is slowed (RFC 8628 s3.3, s5). */
import { expect } from 'chai'
import { createVisitor } from '../../src/try/visitor.ts'
import { askForCode, confirmCode, deviceFor, enterCode, letIn, poll } from '../support/device.ts'
import { startTestServer, type TestServer } from '../support/server.ts'
import { type Cast, cast, password } from '../support/story.ts'
import { returnToPresent, travel } from '../support/time.ts'

const unknown = 'BBBB-BBBB'

describe('the code of a device', () => {
  let server: TestServer
  let who: Cast
  before(async () => {
    server = await startTestServer()
    who = await cast(server)
  })
  after(() => server.close())

  for (const [how, spelt] of Object.entries({
    'as shown': (code: string) => code,
    'in lower case': (code: string) => code.toLowerCase(),
    'without the dash': (code: string) => code.replace('-', ''),
    'with spaces': (code: string) => ` ${[...code].join(' ')} `,
    'with dots': (code: string) => code.replace('-', '.'),
  })) {
    it(`is taken ${how}, and shown again with who asks and from where`, async () => {
      const { user_code } = await deviceFor(server, who.tv)
      const page = await enterCode(createVisitor(server.issuer), spelt(user_code))
      expect(page.status).to.equal(200)
      for (const text of [user_code, 'The television app', 'NotesTV/1.0', '127.0.0.1', 'Go on only if you started this'])
        expect(page.html.replace('::1', '127.0.0.1')).to.include(text)
    })
  }

  it('is marked when nobody vouches for the app, whose name cannot mislead', async () => {
    const name = 'Signet \u202esupport'
    await server.parts.clients.add({ id: 'stranger-tv', kind: 'device', name, verified: false })
    const { user_code } = await deviceFor(server, { id: 'stranger-tv' }, {}, '<b>TV</b>')
    const { html } = await enterCode(createVisitor(server.issuer), user_code)
    expect(html).to.include('Unverified').and.include('Signet support').and.not.include('\u202e').and.not.include('<b>TV')
  })

  it('is filled in by the complete address, which does nothing by itself', async () => {
    const device = await deviceFor(server, who.tv)
    const visitor = createVisitor(server.issuer)
    const page = await visitor.open(device.verification_uri_complete)
    expect(page.forms[0]?.fields).to.deep.include(['user_code', device.user_code])
    expect(page.html).to.not.match(/<script(?! src="\/assets\/)/)
    expect(page.headers.get('content-security-policy')).to.include("script-src 'self';").and.include("form-action 'self'")
    const confirm = await visitor.submit(page, '/device', {})
    expect(confirm.html).to.include('Is this the code on your device?')
    expect((await poll(server, device)).body.error).to.equal('authorization_pending')
  })

  for (const code of ['x'.repeat(33), '"><script>alert(1)</script>', '\u202e', '%00', '__proto__']) {
    it(`fills in nothing that harms: ${JSON.stringify(code)}`, async () => {
      const { status, html } = await createVisitor(server.issuer).open(`/device?${new URLSearchParams({ user_code: code })}`)
      expect(status).to.equal(200)
      expect(html).to.not.include('<script>').and.not.include('x'.repeat(33))
    })
  }

  it('is asked for again when it is wrong, and the right one is then taken on the same page', async () => {
    const { user_code } = await deviceFor(server, who.tv)
    const visitor = createVisitor(server.issuer)
    let page = await visitor.open('/device')
    for (const [wrong, sentence] of [
      [unknown, 'There is no such code'],
      ['', 'Enter the code that your device shows'],
      ['\u{1f600}', 'There is no such code'],
      ['b'.repeat(3_000), 'There is no such code'],
    ] as const) {
      page = await visitor.submit(page, '/device', { user_code: wrong })
      expect(page.status, wrong).to.equal(422)
      expect(page.html, wrong).to.include(sentence)
    }
    expect((await visitor.submit(page, '/device', { user_code })).html).to.include('Is this the code on your device?')
  })

  it('is good for one answer', async () => {
    const device = await deviceFor(server, who.tv)
    const first = createVisitor(server.issuer)
    const consent = await confirmCode(first, await enterCode(first, device.user_code))
    const again = async () => (await enterCode(createVisitor(server.issuer), device.user_code)).html
    expect(await again(), 'while somebody is at it').to.include('This code was used before')
    await first.submit(consent, '/consent', { decision: 'allow' })
    expect(await again(), 'answered').to.include('This code was used before')
    expect((await poll(server, device)).status).to.equal(200)
    expect(await again(), 'redeemed').to.include('This code was used before')
  })

  it('is left with whoever switches the account, and let in by the other person', async () => {
    const { id, email } = await server.parts.accounts.add({ email: 'eve@example.com', password })
    const device = await deviceFor(server, who.tv)
    const visitor = createVisitor(server.issuer)
    const consent = await confirmCode(visitor, await enterCode(visitor, device.user_code))
    const signIn = await visitor.submit(consent, '/switch', {})
    const other = await visitor.submit(signIn, '/sign-in', { email, password })
    expect(other.html).to.include(email)
    await visitor.submit(other, '/consent', { decision: 'allow' })
    const { body } = await poll(server, device)
    expect(await server.parts.accounts.findActive(id)).to.include({ email })
    expect(JSON.parse(Buffer.from(body.id_token!.split('.')[1]!, 'base64url').toString())).to.include({ sub: id })
  })

  for (const headers of [
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'same-site' },
    { origin: 'https://evil.example.com' },
  ] as Record<string, string>[]) {
    it(`S05 refuses the form with ${JSON.stringify(headers)}`, async () => {
      const device = await deviceFor(server, who.tv)
      const visitor = createVisitor(server.issuer)
      const page = await enterCode(visitor, device.user_code)
      const body = new URLSearchParams([...page.forms[0]!.fields, ['confirm', 'yes']])
      expect((await visitor.fetch('/device', { method: 'POST', body, headers })).status).to.equal(403)
      expect((await visitor.fetch('/device', { method: 'POST', body })).status, 'the control').to.equal(303)
    })
  }

  it('S05 takes no form without the secret that only the page held, nor with another browser’s', async () => {
    const device = await deviceFor(server, who.tv)
    const page = await enterCode(createVisitor(server.issuer), device.user_code)
    const fields = Object.fromEntries(page.forms[0]!.fields)
    const another = createVisitor(server.issuer)
    await another.open('/device')
    for (const visitor of [createVisitor(server.issuer), another]) {
      for (const xsrf of [fields.xsrf!, 'x', '']) {
        const body = new URLSearchParams({ ...fields, xsrf, confirm: 'yes' })
        const answer = await visitor.fetch('/device', { method: 'POST', body })
        expect(answer.status).to.equal(400)
        expect(await answer.text()).to.include('href="/device"')
      }
    }
    expect((await poll(server, device)).body.error).to.equal('authorization_pending')
  })

  it('S06 S13 lets no page be framed or cached, whatever its status', async () => {
    const { user_code } = await deviceFor(server, who.tv)
    const visitor = createVisitor(server.issuer)
    const confirm = await enterCode(visitor, user_code)
    const consent = await confirmCode(visitor, confirm)
    const done = await visitor.submit(consent, '/consent', { decision: 'allow' })
    const pages = {
      empty: await visitor.open('/device'),
      'filled in': await visitor.open('/device?user_code=BBBB-BBBB'),
      wrong: await enterCode(visitor, unknown),
      'without a sign-in': await visitor.open('/device/nothing'),
      confirm,
      consent,
      done,
    }
    for (const [name, { headers }] of Object.entries(pages)) {
      expect(headers.get('content-security-policy'), name).to.include("frame-ancestors 'none'").and.include("default-src 'none'")
      expect(headers.get('x-frame-options'), name).to.equal('DENY')
      expect(headers.get('cache-control'), name).to.equal('no-store')
    }
  })
})

describe('guessing the code of a device', () => {
  let server: TestServer
  let who: Cast
  const devices = { attemptsPerNetwork: 8, attemptsOverall: 40, requestsPerNetwork: 30, windowSeconds: 900 }
  before(async () => {
    server = await startTestServer({ settings: { devices, trustedProxies: ['127.0.0.1', '::1'] } })
    who = await cast(server)
  })
  afterEach(returnToPresent)
  after(() => server.close())
  const from = (address: string) => createVisitor(server.issuer, { 'x-forwarded-for': address })
  /** Guesses at once, in one browser. @returns how often each status came back */
  const guesses = async (address: string, times: number) => {
    const visitor = from(address)
    const page = await visitor.open('/device')
    const all = await Promise.all(Array.from({ length: times }, () => visitor.submit(page, '/device', { user_code: unknown })))
    return { last: all.at(-1)!, counts: [422, 429].map((status) => all.filter((one) => one.status === status).length) }
  }

  it('is limited per network, also when all come at once, and says how long to wait', async () => {
    const { last, counts } = await guesses('192.0.2.1', 12)
    expect(counts).to.deep.equal([8, 4])
    expect(last.html).to.include('Too many attempts')
    expect(Number(last.headers.get('retry-after'))).to.be.within(1, 900)
    const device = await deviceFor(server, who.tv)
    expect((await enterCode(from('192.0.2.1'), device.user_code)).status, 'the right code from there').to.equal(429)
    travel(901)
    const another = await deviceFor(server, who.tv)
    expect((await enterCode(from('192.0.2.1'), another.user_code)).status, 'after the wait').to.equal(200)
  })

  it('is limited by what one subscriber has: the /64 of an IPv6 address', async () => {
    const statuses: number[] = []
    for (let n = 1; n <= 9; n++) statuses.push((await enterCode(from(`2001:db8:1:1::${n}`), unknown)).status)
    expect(statuses).to.deep.equal([...Array(8).fill(422), 429])
  })

  it('counts a code that is confirmed once, so that whoever types the right one uses up one attempt', async () => {
    for (let n = 0; n < 8; n++) {
      const device = await deviceFor(server, who.tv)
      expect((await letIn(server, device, from('192.0.2.2'))).html).to.include('Your device is connected')
    }
    expect((await enterCode(from('192.0.2.2'), unknown)).status).to.equal(429)
  })

  it('leaves each network a few attempts when everybody guesses, and hinders nobody who guessed nothing', async () => {
    travel(2_000)
    for (let n = 10; n < 16; n++) await guesses(`198.51.100.${n}`, 8)
    expect((await guesses('198.51.100.99', 12)).counts, 'a network that guesses now').to.deep.equal([5, 7])
    const device = await deviceFor(server, who.tv)
    expect((await letIn(server, device, from('203.0.113.7'))).html).to.include('Your device is connected')
    expect((await poll(server, device)).status).to.equal(200)
  })

  it('leaves each network all its attempts when one alone guesses, however long it goes on', async () => {
    travel(3_000)
    expect((await guesses('198.51.100.1', 100)).counts).to.deep.equal([8, 92])
    expect((await guesses('198.51.100.2', 12)).counts, 'an office elsewhere').to.deep.equal([8, 4])
  })

  it('does not let strangers of one network take all the room for codes', async () => {
    travel(4_000)
    const ask = async (address: string) => (await askForCode(server, who.tv, {}, { 'x-forwarded-for': address })).status
    const statuses = await Promise.all(Array.from({ length: 40 }, () => ask('192.0.2.3')))
    expect(statuses.filter((status) => status === 200)).to.have.length(30)
    const refused = await askForCode(server, who.tv, {}, { 'x-forwarded-for': '192.0.2.3' })
    expect(refused.status).to.equal(429)
    expect(refused.headers.get('retry-after')).to.match(/^\d+$/)
    expect(await refused.json()).to.include({ error: 'too_many_attempts' })
    expect(await ask('192.0.2.4')).to.equal(200)
  })
})
