/** What is counted, read back by a strict reader of Prometheus' text format; and that nothing of it is on the public port, or there at all, unless it is asked for. */
import { expect } from 'chai'
import { createVisitor } from '../../src/try/visitor.ts'
import { personsKey } from '../support/api-keys.ts'
import { letterTo } from '../support/inbox.ts'
import { freePort } from '../support/ports.ts'
import { post } from '../support/post.ts'
import { startServed } from '../support/served.ts'
import { declared, startTestServer, type TestServer } from '../support/server.ts'
import { authorizationUrl, type Cast, cast, codeFor, pkce, redeem, token } from '../support/story.ts'

interface Sample {
  name: string
  labels: Record<string, string>
  value: number
}

interface Scraped {
  samples: Sample[]
  types: Map<string, string>
}

/** Text format 0.0.4, whose reader takes NaN in any case: each line a comment that is known or a sample, each family announced before its samples, and once. @throws for anything else */
function parse(text: string): Scraped {
  const types = new Map<string, string>()
  const helps = new Set<string>()
  const samples: Sample[] = []
  if (!text.endsWith('\n')) throw new Error('the last line has no end')
  for (const line of text.split('\n')) {
    if (line === '') continue
    const [, kind, family = '', rest = ''] = /^# (HELP|TYPE) ([a-zA-Z_:][a-zA-Z0-9_:]*) (.+)$/.exec(line) ?? []
    if (kind === 'HELP') {
      if (helps.has(family)) throw new Error(`two helps: ${line}`)
      helps.add(family)
    } else if (kind === 'TYPE') {
      if (types.has(family) || !/^(counter|gauge|histogram|summary)$/.test(rest)) throw new Error(`a type: ${line}`)
      types.set(family, rest)
    } else samples.push(sampleOf(line, types))
  }
  return { samples, types }
}

function sampleOf(line: string, types: Map<string, string>): Sample {
  const [, name = '', inside = '', value = ''] = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)$/.exec(line) ?? []
  const family = [name, name.replace(/_(bucket|sum|count)$/, '')].find((one) => types.has(one))
  if (family === undefined) throw new Error(`of no family: ${line}`)
  const labels: Record<string, string> = {}
  const left = inside.replace(/([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"(,|$)/g, (_, label: string, text: string) => {
    labels[label] = text
    return ''
  })
  if (left !== '') throw new Error(`labels: ${line}`)
  if (!/^([+-]?Inf|[Nn]a[Nn]|-?\d+(\.\d+)?(e[+-]?\d+)?)$/.test(value)) throw new Error(`a value: ${line}`)
  return { name, labels, value: Number(value.replace('Inf', 'Infinity')) }
}

describe('metrics', () => {
  let server: TestServer
  let who: Cast
  let port: number
  before(async () => {
    port = await freePort()
    server = await startTestServer({
      settings: { metrics: { port }, apis: declared.apis.map((one) => ({ ...one, apiKeys: true })) },
    })
    who = await cast(server)
  })
  after(() => server.close())

  const scrape = async () => {
    const response = await fetch(`http://localhost:${port}/metrics`)
    expect(response.headers.get('content-type')).to.match(/^text\/plain; version=0\.0\.4/)
    return parse(await response.text())
  }
  const readingOf = ({ samples }: Scraped, name: string, labels: Record<string, string> = {}) =>
    samples.find((one) => one.name === name && Object.entries(labels).every(([label, value]) => one.labels[label] === value))
      ?.value ?? 0

  it('count requests by route and class of status, tokens by grant type, sign-ins and refusals by what came of them', async () => {
    const visitor = createVisitor(server.issuer)
    const page = await visitor.open(authorizationUrl(server.issuer, 'web', pkce().challenge))
    await visitor.submit(page, '/sign-in', { email: who.email, password: 'wrong' })
    await redeem(server, who.native, await codeFor(server, who.native))
    await token(server, who.machine, { grant_type: 'client_credentials', scope: 'notes:read' })
    await token(server, who.machine, { grant_type: 'authorization_code', code: 'x' })
    await fetch(`${server.issuer}/a-path-that-a-stranger-chose`)
    const scraped = await scrape()
    const count = 'signet_request_duration_seconds_count'
    expect(readingOf(scraped, count, { route: 'token', status: '2xx' })).to.equal(2)
    expect(readingOf(scraped, count, { route: 'token', status: '4xx' })).to.equal(1)
    expect(readingOf(scraped, count, { route: 'other', status: '4xx' })).to.equal(1)
    expect(readingOf(scraped, 'signet_token_answers_total', { grant_type: 'client_credentials' })).to.equal(1)
    expect(readingOf(scraped, 'signet_token_answers_total', { grant_type: 'authorization_code' })).to.equal(1)
    expect(readingOf(scraped, 'signet_sign_ins_total', { outcome: 'success' })).to.equal(1)
    expect(scraped.samples.filter(({ name }) => name === 'signet_sign_ins_total')).to.have.length(2)
    expect(readingOf(scraped, 'signet_refusals_total', { code: 'not_found' })).to.equal(1)
    expect(readingOf(scraped, 'signet_store_commit_duration_seconds_count')).to.be.greaterThan(3)
  })

  it('count the API keys that were reported as leaked, by what came of them', async () => {
    for (const key of [await personsKey(server, who.email), 'x', 'signet_x']) await post(server, '/api-keys/leaked', { key })
    const scraped = await scrape()
    const outcomes = ['ended', 'unknown'].map((outcome) => readingOf(scraped, 'signet_leaked_keys_total', { outcome }))
    expect(outcomes).to.deep.equal([1, 2])
  })

  it('tell what waits, when keys change, and how the process is', async () => {
    const scraped = await scrape()
    expect(readingOf(scraped, 'signet_passwords_waiting')).to.equal(0)
    const changes = scraped.samples.filter(({ name }) => name === 'signet_signing_key_rotation_timestamp_seconds')
    const which = changes.map(({ labels: { algorithm, of = 'tokens' } }) => `${of} ${algorithm}`)
    expect(which).to.have.members(['tokens ES256', 'tokens RS256', 'api-keys ES256'])
    for (const { value } of changes) expect(value).to.be.greaterThan(server.parts.now() + 7_000_000)
    const next = await server.ring.rotate('ES256')
    const sooner = readingOf(await scrape(), 'signet_signing_key_rotation_timestamp_seconds', { algorithm: 'ES256' })
    expect(sooner).to.equal(next.createdAt + 360)
    for (const name of ['process_cpu_seconds_total', 'process_resident_memory_bytes', 'nodejs_eventloop_lag_p99_seconds'])
      expect(readingOf(scraped, name), name).to.be.greaterThan(0)
  })

  it('count letters by kind and by what came of them', async () => {
    const model = { link: `${server.issuer}/x`, lifetimeSeconds: 60 }
    for (const to of ['a@example.com', 'b@example.com']) server.parts.mailer.send({ to, kind: 'sign-up', model })
    expect(readingOf(await scrape(), 'signet_letters_waiting')).to.be.within(0, 2)
    await letterTo(server, 'b@example.com')
    const scraped = await scrape()
    expect(readingOf(scraped, 'signet_letters_waiting')).to.equal(0)
    expect(readingOf(scraped, 'signet_letters_total', { kind: 'sign-up', outcome: 'delivered' })).to.equal(2)
  })

  it('have labels of closed lists alone: no path, no client, nobody’s name', async () => {
    for (let n = 0; n < 20; n++) await fetch(`${server.issuer}/interaction/${n}/sign-in${n}`)
    await token(server, { id: 'a-client-that-a-stranger-made-up', secret: 'x' }, { grant_type: 'a-grant-that-is-none' })
    const text = await (await fetch(`http://localhost:${port}/metrics`)).text()
    expect(text).to.not.match(/stranger|sign-in\d|that-is-none|native|machine|ada@|localhost|127\.0/)
  })

  it('are not on the public port, and nothing else is on theirs', async () => {
    expect((await fetch(`${server.issuer}/metrics`)).status).to.equal(404)
    for (const [path, method] of [
      ['/', 'GET'],
      ['/metrics', 'POST'],
      ['/jwks', 'GET'],
    ] as const)
      expect((await fetch(`http://localhost:${port}${path}`, { method })).status).to.equal(404)
  })
})

describe('metrics of a cluster', () => {
  it('are at a port for each worker', async () => {
    // Two that follow one another, below those that the system gives out by itself.
    const port = 20_000 + (process.pid % 10_000)
    const served = await startServed({ cluster: { workers: 2 }, metrics: { port } })
    try {
      for (const one of [port, port + 1]) {
        const { types } = parse(await (await fetch(`http://localhost:${one}/metrics`)).text())
        expect(types.get('signet_request_duration_seconds')).to.equal('histogram')
      }
    } finally {
      expect(await served.stop()).to.deep.equal({ code: 0, signal: null })
    }
  })
})
