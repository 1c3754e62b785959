/** API keys that somebody found, reported by whoever has them; and that what is none costs neither a read nor a write, wherever it is shown. */
import { hash } from 'node:crypto'
import { expect } from 'chai'
import { decodeJwt } from 'jose'
import { keyedSlot } from '../../src/crypto/derive.ts'
import { badKeys } from '../support/api-keys.ts'
import { lettersOf } from '../support/inbox.ts'
import { type KeyServices, services, startKeyServices } from '../support/key-services.ts'
import { keptLog } from '../support/log.ts'
import { post } from '../support/post.ts'
import { question } from '../support/questions.ts'
import { declared, startTestServer, type TestServer } from '../support/server.ts'
import { statementsOf } from '../support/statements.ts'
import { type Cast, type Credentials, tokensFor } from '../support/story.ts'
import { until } from '../support/until.ts'

describe('an API key', () => {
  const { log, lines } = keptLog()
  let on: KeyServices
  let server: TestServer
  let who: Cast
  let robot: Credentials
  before(async () => {
    on = await startKeyServices({ log, settings: { trustedProxies: ['127.0.0.1', '::1'] } })
    ;({ server, who, robot } = on)
  })
  after(() => server?.close())

  describe('that leaked', () => {
    it('is ended by whoever has it, without a sign-in, with what was got for it, and its owner is told', async () => {
      const [key, other] = [await on.persons(), await on.persons()]
      const got = await on.exchanged(services.gateway, key)
      const url = `https://paste.example.com/${key}?q=${key}#${key}`
      const { status, body, headers } = await on.report([{ token: key, type: 'signet_api_key', url, source: 'content' }])
      expect([status, headers.get('cache-control')]).to.deep.equal([200, 'no-store'])
      expect(body).to.deep.equal([
        { token_hash: hash('sha256', key), token_type: 'signet_api_key', label: 'true_positive', status: 'ended' },
      ])
      expect(await Promise.all([key, got, other].map(on.lives))).to.deep.equal([false, false, true])
      const [entry] = await server.parts.audit.list({ act: 'api_key.ended' }, 1)
      expect(entry).to.deep.include({ actor: 'stranger', account: who.subject })
      expect(entry!.from).to.match(/^(127\.0\.0\.1|0:0:0:0)$/)
      expect(entry!.detail).to.deep.include({ why: 'leaked', foundAt: 'https://paste.example.com/signet_…' })
      expect(JSON.stringify([entry, ...lines])).to.not.include(key.slice(-60))
      const { text } = await until('the letter', async () =>
        (await lettersOf(server)).find(({ kind, text }) => kind === 'api-key-ended' && text.includes('Somebody has found it')),
      )
      expect(text).to.not.include('paste.example.com').and.not.include(key.slice(-60))
    })
    it('is reported as JSON, as a form, and in a list; once ended it is unknown as any other text', async () => {
      const [first, second, third] = [await on.persons(), await on.machines(), await on.persons()]
      expect((await on.report({ key: first })).body).to.deep.equal({ status: 'ended' })
      const form = await post(
        server,
        '/api-keys/leaked',
        { key: second },
        { 'sec-fetch-site': 'cross-site', origin: 'https://scanner.example.com' },
      )
      expect([form.status, form.body]).to.deep.equal([200, { status: 'ended' }])
      for (const dead of [first, second, 'x', '', 'signet_'])
        expect((await on.report({ key: dead })).body).to.deep.equal({ status: 'unknown' })
      const { body } = await on.report([
        { token: third },
        { token: 'x', type: 7, url: '' },
        { token: third, url: 'javascript:x' },
        { token: first },
      ])
      expect((body as { status: string; label: string }[]).map(({ status, label }) => [status, label])).to.deep.equal([
        ['ended', 'true_positive'],
        ['unknown', 'false_positive'],
        ['ended', 'true_positive'],
        ['unknown', 'true_positive'],
      ])
    })
    it('is ended though it is good nowhere at this moment: its owner may be enabled again', async () => {
      const [key, other] = [await on.persons(), await on.persons()]
      const { accounts } = server.parts.store
      await accounts.change(who.subject, { disabledAt: server.parts.now() })
      expect((await on.report({ key })).body).to.deep.equal({ status: 'ended' })
      await accounts.change(who.subject, { disabledAt: undefined })
      expect([await on.lives(key), await on.lives(other)]).to.deep.equal([false, true])
    })
    it('is found by the metadata, where an API takes keys', async () => {
      const metadata = (await (await fetch(`${server.issuer}/.well-known/openid-configuration`)).json()) as object
      expect(metadata).to.include({ api_key_leak_uri: `${server.issuer}/api-keys/leaked` })
      const without = await startTestServer({ settings: { apis: declared.apis } })
      const plain = (await (await fetch(`${without.issuer}/.well-known/openid-configuration`)).json()) as object
      const answer = await post(without, '/api-keys/leaked', { key: 'x' })
      await without.close()
      expect([Object.keys(plain).includes('api_key_leak_uri'), answer.status]).to.deep.equal([false, 404])
    })
    for (const [what, body, type, status] of [
      ['nothing', '', 'application/json', 400],
      ['no JSON', '{"key":', 'application/json', 400],
      ['a number', '{"key":7}', 'application/json', 400],
      ['null', 'null', 'application/json', 400],
      ['an empty list', '[]', 'application/json', 400],
      ['101 keys', JSON.stringify(Array(101).fill({ token: 'x' })), 'application/json', 400],
      ['a list of nothing', '[null]', 'application/json', 400],
      ['a key that is inherited', '{"__proto__":{"key":"x"}}', 'application/json', 400],
      ['two keys in a form', 'key=a&key=b', 'application/x-www-form-urlencoded', 400],
      ['text', 'signet_x', 'text/plain', 415],
      ['70 kB', `"${'x'.repeat(70_000)}"`, 'application/json', 413],
    ] as const) {
      it(`X01 X02 refuses ${what}`, async () => {
        const response = await fetch(`${server.issuer}/api-keys/leaked`, {
          method: 'POST',
          body,
          headers: { 'content-type': type },
        })
        expect(response.status).to.equal(status)
        expect(((await response.json()) as { error: string }).error).to.equal('invalid_request')
      })
    }
    it('ends once of fifty that report it at the same moment', async () => {
      const key = await on.persons()
      const answers = await Promise.all(Array.from({ length: 50 }, () => on.report({ key })))
      const statuses = answers.map(({ body }) => (body as { status: string }).status)
      expect(statuses.filter((status) => status === 'ended')).to.have.length(1)
      expect(statuses.filter((status) => status === 'unknown')).to.have.length(49)
    })
  })

  describe('L05 reports of one network', () => {
    it('are limited as far as they hold a key of this issuer, and then end nothing; others go on', async () => {
      const [first, living] = [await on.persons(), await on.persons()]
      const send = (key: string, from: string) => post(server, '/api-keys/leaked', { key }, { 'x-forwarded-for': from })
      const { secrets, store } = server.parts
      const slot = keyedSlot(secrets.keysFor('attempts')[0], '192.0.2.1')
      await Promise.all(Array.from({ length: 599 }, () => store.counters.hit(`leaked-keys:${slot}`, 900)))
      expect((await send(first, '192.0.2.1')).body, 'the last').to.deep.equal({ status: 'ended' })
      const refused = await send(living, '192.0.2.1')
      expect([refused.status, refused.body.error]).to.deep.equal([429, 'too_many_attempts'])
      expect(Number(refused.headers.get('retry-after'))).to.be.within(1, 900)
      expect((await send('x', '192.0.2.1')).status, 'what is no key').to.equal(200)
      expect((await send(living, '192.0.2.2')).body, 'from elsewhere').to.deep.equal({ status: 'ended' })
    })
  })

  describe('that is none costs no I/O', () => {
    let bad: string[]
    before(async () => {
      const { access_token: jwt = '' } = await tokensFor(server, who.web)
      bad = Object.values(await badKeys(server, await on.persons(), jwt))
      // What a request reads once is read by now.
      for (const one of [robot, ...Object.values(services)]) await on.ask(one, 'x')
    })
    const rounds = 8
    const flood = (send: (key: string) => Promise<unknown>) => async () => {
      for (let round = 0; round < rounds; round++) await Promise.all(bad.map(send))
    }
    const floods: [string, (key: string) => Promise<unknown>][] = [
      ['at the leak endpoint, as JSON', (key) => on.report({ key })],
      [
        'at the leak endpoint, in lists',
        () => on.report(bad.filter((one) => one.length < 6_000).map((key) => ({ token: key, url: 'https://x.example.com/' }))),
      ],
      ['at the leak endpoint, as forms', (key) => post(server, '/api-keys/leaked', { key })],
      ['at introspection', (key) => on.ask(services.notes, key)],
      ['at revocation', (key) => question(server, 'revocation', services.notes, { token: key })],
      ['at token exchange', (key) => on.exchange(services.gateway, key)],
    ]
    for (const [where, send] of floods) {
      it(`X07 ${where}: a flood of bad keys reads nothing and writes nothing`, async () => {
        expect(await statementsOf(flood(send))).to.deep.equal({ reads: [], writes: [] })
      })
    }
    it('as the counters show, which count what a good key takes', async () => {
      const key = await on.persons()
      for (const [where, send] of floods.filter(([one]) => !one.includes('lists'))) {
        const { reads } = await statementsOf(() => send(key))
        expect(reads.length, where).to.be.greaterThan(0)
      }
    })
    it('as a server would not that looks a key up before it verifies it', async () => {
      const { apiKeys, store } = server.parts
      const { read } = apiKeys
      apiKeys.read = async (text) => {
        const claims = claimsOrNone(text)
        return claims && (await store.keys.find(claims.jti)) ? read(text) : undefined
      }
      const { reads } = await statementsOf(flood((key) => on.report({ key })))
      apiKeys.read = read
      expect(reads.length).to.be.at.least(rounds * 6)
    })
  })
})

function claimsOrNone(text: string): { jti: string } | undefined {
  try {
    return decodeJwt(text.slice('signet_'.length, -7)) as { jti: string }
  } catch {
    return undefined
  }
}
