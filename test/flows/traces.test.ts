/** Traces, as a collector of the test's own gets them: OTLP over HTTP, in JSON. */
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { expect } from 'chai'
import { startTestServer, type TestServer } from '../support/server.ts'
import { basic, type Cast, cast, codeFor, redeem } from '../support/story.ts'

interface Span {
  traceId: string
  spanId: string
  parentSpanId?: string
  name: string
  startTimeUnixNano: string
  endTimeUnixNano: string
  attributes: { key: string; value: Record<string, unknown> }[]
}

describe('traces', () => {
  const bodies: string[] = []
  let collector: Server
  let server: TestServer
  let who: Cast
  let spans: Span[]
  const [trace, parent] = ['4bf92f3577b34da6a3ce929d0e0e4736', '00f067aa0ba902b7']

  before(async () => {
    collector = createServer(async (request, response) => {
      if (request.url === '/v1/traces' && request.headers['content-type'] === 'application/json') bodies.push(await text(request))
      response.writeHead(200, { 'content-type': 'application/json' }).end('{}')
    }).listen(0, '127.0.0.1')
    await once(collector, 'listening')
    const endpoint = `http://127.0.0.1:${(collector.address() as AddressInfo).port}`
    server = await startTestServer({ settings: { traces: { endpoint }, trustedProxies: ['127.0.0.1', '::1'] } })
    who = await cast(server)
    await redeem(server, who.native, await codeFor(server, who.native))
    for (const traceparent of [`00-${trace}-${parent}-01`, `00-${'0'.repeat(32)}-${parent}-01`, 'nonsense']) {
      const headers = { traceparent, authorization: basic(who.machine) }
      const body = new URLSearchParams({ grant_type: 'client_credentials', scope: 'notes:read' })
      await (await fetch(`${server.issuer}/token`, { method: 'POST', headers, body })).text()
    }
    await server.close()
    spans = bodies
      .flatMap((body) => (JSON.parse(body) as { resourceSpans: { scopeSpans: { spans: Span[] }[] }[] }).resourceSpans)
      .flatMap(({ scopeSpans }) => scopeSpans.flatMap((scope) => scope.spans))
  })
  after(() => {
    collector.close()
    collector.closeAllConnections()
  })
  const named = (name: string) => spans.filter((span) => span.name === name)

  it('have a span for each request, and in it for a hash, a signature, a commit', () => {
    expect(named('POST token')).to.have.length(4)
    for (const [part, request] of [
      ['password.hash', 'POST interaction_form'],
      ['signature', 'POST token'],
      ['store.commit', 'POST token'],
    ] as const) {
      const above = new Set(named(request).map(({ spanId }) => spanId))
      const within = named(part).filter(({ parentSpanId }) => above.has(parentSpanId ?? ''))
      expect(within, part).to.have.length.greaterThan(0)
      const [one] = within
      expect(BigInt(one?.endTimeUnixNano ?? 0) > BigInt(one?.startTimeUnixNano ?? 0)).to.equal(true)
    }
  })

  it('go on with a trusted proxy’s, if it is one', () => {
    const going = named('POST token').filter(({ traceId }) => traceId === trace)
    expect(going.map(({ parentSpanId }) => parentSpanId)).to.deep.equal([parent])
    expect(named('POST token').filter(({ parentSpanId }) => !parentSpanId)).to.have.length(3)
  })

  it('hold nothing of a person, a client or an address', () => {
    const keys = new Set(spans.flatMap(({ attributes }) => attributes.map(({ key }) => key)))
    expect([...keys].sort()).to.deep.equal(['http.request.method', 'http.response.status_code', 'http.route', 'signet.request'])
    expect(bodies.join('')).to.not.match(/ada@|native|machine|code=|client_id|127\.0\.0\.1/)
  })
})

describe('without traces', () => {
  it('an endpoint that is none is refused', async () => {
    const started = startTestServer({ settings: { traces: { endpoint: 'collector:4318' } } })
    expect(
      await started.then(
        () => 'started',
        ({ name }) => name,
      ),
    ).to.equal('ZodError')
  })
})
