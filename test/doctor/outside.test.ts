/** What is seen of a server from outside, past a proxy that does something wrong. */
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { getCACertificates, setDefaultCACertificates } from 'node:tls'
import { expect } from 'chai'
import { systemClock } from '../../src/base/clock.ts'
import type { Check } from '../../src/doctor/check.ts'
import { outsideChecks } from '../../src/doctor/outside.ts'
import { certificateCheck, httpCheck, proxiesCheck } from '../../src/doctor/transport.ts'
import { selfSigned } from '../support/certificate.ts'
import { startTestServer, type TestServer } from '../support/server.ts'

type Answer = (request: IncomingMessage, response: ServerResponse, real: string) => void

/** Of loopback, closed with the test. */
async function listening(answer: Answer, real = ''): Promise<{ port: number; close(): void }> {
  const server = createServer((request, response) => answer(request, response, real)).listen(0, 'localhost')
  await once(server, 'listening')
  return { port: (server.address() as AddressInfo).port, close: () => server.close() }
}

/** Hands on as it is, but for what `alter` does to the answer. */
const handing =
  (alter: (path: string, answer: { status: number; headers: Record<string, string>; body: string }) => void): Answer =>
  async (request, response, real) => {
    const from = await fetch(real + request.url)
    const answer = { status: from.status, headers: {} as Record<string, string>, body: await from.text() }
    alter(request.url ?? '', answer)
    if (answer.headers.date === '') response.sendDate = false
    const { date: _, ...headers } = answer.headers
    response.writeHead(answer.status, { ...headers, ...(answer.headers.date && { date: answer.headers.date }) }).end(answer.body)
  }

describe('signet doctor, from outside', () => {
  let server: TestServer
  let published: string[]
  before(async () => {
    server = await startTestServer()
    published = server.ring.jwks.keys.map(({ kid }) => kid)
  })
  after(() => server.close())

  async function seenThrough(answer: Answer, kids = published): Promise<string[]> {
    const proxy = await listening(answer, server.issuer)
    const checks: Check[] = []
    try {
      const seen = { issuer: server.issuer, base: `http://localhost:${proxy.port}`, published: kids, now: systemClock }
      for await (const check of outsideChecks(seen)) checks.push(check)
    } finally {
      proxy.close()
    }
    return checks.filter(({ status }) => status !== 'ok').map(({ name, status }) => `${name} ${status}`)
  }

  it('finds nothing wrong with a proxy that hands on what it gets', async () => {
    expect(await seenThrough(handing(() => {}))).to.deep.equal([])
  })

  const altered: Record<string, Answer> = {
    'issuer fail': (_request, response) => response.writeHead(502).end(),
    'issuer fail: another site': (_request, response) => response.writeHead(404).end(),
    'date warn': handing((_path, { headers }) => {
      headers.date = ''
    }),
    'date fail': handing((_path, { headers }) => {
      headers.date = new Date(1e12).toUTCString()
    }),
    'metadata fail': handing((_path, answer) => {
      answer.body = answer.body.replace(/"token_endpoint":"[^"]+/, '"token_endpoint":"http://inside:4000/token')
    }),
    'metadata fail: no JSON': handing((_path, answer) => {
      answer.body = '<html>'
    }),
    'published-keys fail': handing((path, answer) => {
      if (path.includes('jwks')) answer.body = '{"keys":[]}'
    }),
    'published-keys fail: no set': handing((path, answer) => {
      if (path.includes('jwks')) answer.body = 'gone'
    }),
    'ready fail': handing((path, answer) => {
      if (path === '/health/ready') Object.assign(answer, { status: 503, body: '{"missing":["store"]}' })
    }),
    'ready warn': handing((path, answer) => {
      if (path === '/health/ready') Object.assign(answer, { status: 404, body: 'no' })
    }),
    'large-requests fail': (request, response, real) => {
      if ((request.headers.cookie?.length ?? 0) > 4_096) response.writeHead(400).end()
      else handing(() => {})(request, response, real)
    },
  }
  for (const [fault, answer] of Object.entries(altered)) {
    it(`finds ${fault}`, async () => {
      expect(await seenThrough(answer)).to.deep.equal([fault.split(':')[0]])
    })
  }

  it('finds keys that lie here and are not published, and the other way round', async () => {
    for (const kids of [[...published, 'another'], published.slice(1)])
      expect(
        await seenThrough(
          handing(() => {}),
          kids,
        ),
      ).to.deep.equal(['published-keys fail'])
  })
})

describe('signet doctor, of how an issuer is spoken to', () => {
  const trusted = getCACertificates('default')
  after(() => setDefaultCACertificates(trusted))

  async function certified(validForDays: number, { names = ['localhost'], trust = true } = {}) {
    const { certificate: cert, key } = selfSigned(names, validForDays)
    const server = createSecureServer({ cert, key }).listen(0, 'localhost')
    await once(server, 'listening')
    setDefaultCACertificates(trust ? [...trusted, cert] : trusted)
    try {
      const check = await certificateCheck(`https://localhost:${(server.address() as AddressInfo).port}`, systemClock())
      return `${check?.status}: ${check?.sentence}`
    } finally {
      server.close()
    }
  }

  it('finds a certificate good, and says for how long', async () => {
    expect(await certified(60)).to.match(/^ok: .* is good for (59|60) more days/)
  })
  it('finds one that is to be renewed', async () => {
    expect(await certified(15)).to.match(/^warn: .* is good for 1[45] more days/)
    expect(await certified(3)).to.match(/^fail: .* is good for [23] more days/)
  })
  it('finds one that ran out, is another’s, or nobody’s', async () => {
    expect(await certified(-1)).to.match(/^fail: .* ran out [12] days ago/)
    expect(await certified(60, { names: ['other.example.com'] })).to.match(/^fail: .* not trusted from here \(.*ALTNAME/)
    expect(await certified(60, { trust: false })).to.match(/^fail: .* not trusted from here/)
  })
  it('finds that no TLS is spoken, or nothing at all', async () => {
    const plain = await listening((_request, response) => response.end())
    expect(await certificateCheck(`https://localhost:${plain.port}`, 0))
      .to.include({ status: 'fail', name: 'certificate' })
      .and.property('sentence')
      .to.match(/speaks no TLS/)
    plain.close()
    const nothing = await certificateCheck('https://localhost:1', 0)
    expect(nothing?.sentence).to.match(/^localhost:1 cannot be reached \(ECONNREFUSED\)/)
    expect(nothing?.mend).to.match(/Nothing listens there/)
    expect(await certificateCheck('http://localhost:1', 0)).to.equal(undefined)
  })

  for (const [what, status, answer] of [
    ['leads to https', 'ok', (_q, response) => response.writeHead(301, { location: 'https://localhost/' }).end()],
    ['leads to http', 'fail', (_q, response) => response.writeHead(301, { location: 'http://localhost/' }).end()],
    ['answers', 'fail', (_q, response) => response.end('hello')],
  ] as [string, string, Answer][]) {
    it(`finds ${status} that plain http ${what}`, async () => {
      const plain = await listening(answer)
      expect(await httpCheck('https://localhost', plain.port)).to.include({ name: 'http', status })
      plain.close()
    })
  }
  it('asks no plain http where there is none to expect', async () => {
    expect(await httpCheck('https://localhost', 1)).to.include({ status: 'ok' })
    expect(await httpCheck('https://localhost:8443')).to.equal(undefined)
    expect(await httpCheck('http://localhost:4000')).to.equal(undefined)
  })

  it('finds that a proxy is not named, or everybody is', () => {
    const settings = (issuer: string, trustedProxies: string[], tls = false) =>
      proxiesCheck({ issuer, trustedProxies, listen: tls ? { tls: {} } : {} } as Parameters<typeof proxiesCheck>[0]).status
    const issuer = 'https://id.example.com'
    expect(settings(issuer, [])).to.equal('fail')
    expect(settings(issuer, ['::/0'])).to.equal('fail')
    expect(settings(issuer, ['10.0.0.0/8'])).to.equal('ok')
    expect(settings(issuer, [], true)).to.equal('ok')
    expect(settings('http://localhost:4000', [])).to.equal('ok')
  })
})
