/** The guarded fetch against real listeners. What is refused has connected nowhere; beside each refusal stands what passes. */
import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer as createTcpServer, type Socket } from 'node:net'
import { gzipSync } from 'node:zlib'
import { expect } from 'chai'
import type { Fields } from '../../src/base/log.ts'
import { createGuardedFetch, type GuardedFetch, type OutgoingParts } from '../../src/outgoing/fetch.ts'
import { freePort } from '../support/ports.ts'
import { type Listener, listenEverywhere } from './listener.ts'

type Answer = (request: IncomingMessage, response: ServerResponse) => void

const closeOf = (socket: Socket) => new Promise<void>((resolve) => socket.on('error', () => {}).on('close', () => resolve()))

describe('the guarded fetch', () => {
  let plain: Listener
  let secure: Listener
  let answer: Answer
  let received: IncomingMessage | undefined
  const logged: [string, Fields | undefined][] = []
  const log = { info: (event: string, fields?: Fields) => void logged.push([event, fields]), error() {} }

  before(async () => {
    const hear: Answer = (request, response) => {
      received = request
      answer(request, response)
    }
    plain = await listenEverywhere(hear)
    secure = await listenEverywhere(hear, { secure: true })
  })
  beforeEach(() => {
    plain.connections = 0
    secure.connections = 0
    logged.length = 0
    answer = (_request, response) => response.end('{"keys":[]}')
  })
  after(() => Promise.all([plain.close(), secure.close()]))

  const never = () => new AbortController().signal
  const create = (parts: Partial<OutgoingParts> = {}): GuardedFetch =>
    createGuardedFetch({
      allowPrivateNetworks: true,
      timeoutSeconds: 5,
      maxBytes: 1_000,
      deadline: never,
      log,
      certificateAuthorities: secure.certificate?.certificate,
      ...parts,
    })
  const closed = (parts: Partial<OutgoingParts> = {}) => create({ allowPrivateNetworks: false, ...parts })
  const reasonOf = async (asked: Promise<Response>) => {
    const error = await asked.then(
      () => expect.fail('was answered'),
      (cause) => cause,
    )
    const reason = error.detail.reason as string
    expect(error).to.include({ code: 'outgoing_refused', status: reason === 'busy' ? 503 : 502 })
    expect(logged).to.have.length(1)
    return reason
  }
  const connections = () => plain.connections + secure.connections

  const hosts = [
    '127.0.0.1',
    '127.1',
    '127.0.0.1.',
    '2130706433',
    '0x7f000001',
    '0x7f.1',
    '0177.0.0.1',
    '017700000001',
    '①②⑦.0.0.1',
    '127.0.0.2',
    '0.0.0.0',
    '0',
    '[::1]',
    '[0:0:0:0:0:0:0:1]',
    '[::]',
    '[::ffff:127.0.0.1]',
    '[::ffff:7f00:1]',
    '[::127.0.0.1]',
    '[64:ff9b::127.0.0.1]',
    '[64:ff9b::7f00:1]',
    '[2002:7f00:1::1]',
    'localhost',
    'LOCALHOST',
    'localhost.',
  ]
  for (const host of hosts) {
    it(`G02 does not connect to ${host}`, async () => {
      for (const url of [`https://${host}:${secure.port}/jwks`, `http://${host}:${plain.port}/jwks`])
        await reasonOf(closed()(url)).finally(() => logged.splice(0))
      expect(connections()).to.equal(0)
    })
  }
  for (const host of ['127.0.0.1', '2130706433', '[::1]', '[::ffff:127.0.0.1]', '0.0.0.0', 'localhost']) {
    it(`G02 counts connections truly: an ordinary fetch connects to ${host}`, async () => {
      expect((await fetch(`http://${host}:${plain.port}/`, { headers: { connection: 'close' } })).status).to.equal(200)
      expect(plain.connections).to.equal(1)
    })
  }

  describe('with private networks allowed', () => {
    for (const host of ['127.0.0.1', '0177.0.0.1', '[::1]', 'localhost']) {
      it(`G02 connects to ${host}, over https and over http`, async () => {
        for (const url of [`https://${host}:${secure.port}/jwks`, `http://${host}:${plain.port}/jwks`]) {
          const response = await create()(url)
          expect(await response.json()).to.deep.equal({ keys: [] })
        }
        expect([secure.connections, plain.connections]).to.deep.equal([1, 1])
      })
    }
    for (const host of [
      '169.254.169.254',
      '0.0.0.0',
      '[::]',
      '[fe80::1]',
      '[::ffff:127.0.0.1]',
      '[fd00:ec2::254]',
      '224.0.0.1',
    ]) {
      it(`G02 does not connect to ${host} even so`, async () => {
        expect(await reasonOf(create()(`http://${host}:${plain.port}/`))).to.equal('address')
        expect(connections()).to.equal(0)
      })
    }
    it('K08 asks nobody in public over http', async () => {
      const resolve = async () => [{ address: '8.8.8.8', family: 4 }]
      expect(await reasonOf(create({ resolve })('http://rp.example.com/jwks'))).to.equal('address')
    })
  })

  describe('a name', () => {
    const resolving = (...answers: string[][]) => {
      const calls: string[] = []
      const resolve = async (hostname: string) => {
        calls.push(hostname)
        const addresses = answers[Math.min(calls.length, answers.length) - 1] as string[]
        return addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }))
      }
      return { resolve, calls }
    }
    const url = () => `https://rp.example.com:${secure.port}/jwks`

    for (const address of ['127.0.0.1', '::1', '10.0.0.1', '169.254.169.254', '::ffff:127.0.0.1', 'fe80::1%lo']) {
      it(`G02 that resolves to ${address} is not connected to`, async () => {
        const { resolve } = resolving([address])
        expect(await reasonOf(closed({ resolve })(url()))).to.equal('address')
        expect(connections()).to.equal(0)
      })
    }
    for (const order of [
      ['8.8.8.8', '127.0.0.1'],
      ['127.0.0.1', '8.8.8.8'],
      ['2606:4700::1111', '::1'],
    ]) {
      it(`G02 is not connected to when one of its addresses is private: ${order.join(', ')}`, async () => {
        const { resolve } = resolving(order)
        expect(await reasonOf(closed({ resolve })(url()))).to.equal('address')
        expect(connections()).to.equal(0)
      })
    }
    it('G02 is resolved once: what it is rebound to afterwards is not asked', async () => {
      const { resolve, calls } = resolving(['127.0.0.1'], ['169.254.169.254'])
      expect((await create({ resolve })(url())).status).to.equal(200)
      expect(calls).to.deep.equal(['rp.example.com'])
      expect(secure.connections).to.equal(1)
      expect(await reasonOf(create({ resolve })(url())), 'the next request asks again').to.equal('address')
    })
    it('is verified by its name, not by its address', async () => {
      const { resolve } = resolving(['127.0.0.1'])
      expect(await reasonOf(create({ resolve })(`https://other.example.com:${secure.port}/`))).to.equal('connection')
    })
    it('without any address is refused', async () => {
      expect(await reasonOf(create(resolving([]))(url()))).to.equal('address')
      logged.length = 0
      const resolve = () => Promise.reject(Object.assign(new Error('no such name'), { code: 'ENOTFOUND' }))
      expect(await reasonOf(create({ resolve })(url()))).to.equal('connection')
    })
  })

  for (const [what, url, reason] of [
    ['http', 'http://rp.example.com/jwks', 'scheme'],
    ['a file', 'file:///etc/passwd', 'scheme'],
    ['data', 'data:application/json,{}', 'scheme'],
    ['another scheme', 'ftp://rp.example.com/', 'scheme'],
    ['a user', 'https://user@rp.example.com/', 'userinfo'],
    ['a password', 'https://:password@rp.example.com/', 'userinfo'],
    ['no URL', 'jwks', 'address'],
  ] as const) {
    it(`K08 refuses ${what}: ${url}`, async () => {
      expect(await reasonOf(closed()(url))).to.equal(reason)
    })
  }

  for (const status of [301, 302, 303, 307, 308, 300, 304]) {
    it(`K08 follows no redirect: ${status}`, async () => {
      answer = (_request, response) => response.writeHead(status, { location: `http://localhost:${plain.port}/` }).end()
      expect(await reasonOf(create()(`https://localhost:${secure.port}/jwks`, { redirect: 'follow' }))).to.equal('redirect')
      expect([secure.connections, plain.connections]).to.deep.equal([1, 0])
    })
  }

  it('K08 refuses a certificate that nobody vouches for', async () => {
    const unknown = create({ certificateAuthorities: undefined })
    expect(await reasonOf(unknown(`https://localhost:${secure.port}/`))).to.equal('connection')
  })

  describe('G03 an answer', () => {
    const ask = (parts?: Partial<OutgoingParts>) => create(parts)(`http://localhost:${plain.port}/`)
    const controlled = () => {
      const controller = new AbortController()
      return { deadline: () => controller.signal, end: () => controller.abort() }
    }

    it('of the greatest size is read', async () => {
      answer = (_request, response) => response.end('x'.repeat(1_000))
      expect(await (await ask()).text()).to.have.length(1_000)
    })
    for (const [what, write] of [
      ['that says it is larger', (response) => response.writeHead(200, { 'content-length': 1_001 }).flushHeaders()],
      ['that is larger', (response) => response.end('x'.repeat(1_001))],
      ['that is larger in pieces', (response) => response.write('x'.repeat(600), () => response.end('x'.repeat(600)))],
      [
        'without end',
        (response) => {
          const more = () => response.write('x'.repeat(500), (error) => error ?? more())
          more()
        },
      ],
    ] as [string, (response: ServerResponse) => void][]) {
      it(`${what} is refused, and its connection closed`, async () => {
        let gone: Promise<unknown> = Promise.resolve()
        answer = (request, response) => {
          gone = closeOf(request.socket)
          write(response)
        }
        expect(await reasonOf(ask())).to.equal('too_large')
        await gone
      })
    }
    it('that is packed is refused, however small, and none is asked for', async () => {
      answer = (_request, response) =>
        response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync('x'.repeat(1_000_000)))
      expect(await reasonOf(ask())).to.equal('encoding')
      expect(received?.headers['accept-encoding']).to.equal('identity')
    })
    it('with endless headers is refused', async () => {
      answer = (_request, response) => response.writeHead(200, { 'x-long': 'x'.repeat(20_000) }).end()
      expect(await reasonOf(ask())).to.equal('connection')
    })
    it('that never comes, never goes on or comes too slowly is given up at the deadline, and its connection closed', async () => {
      for (const begin of [
        () => {},
        (response: ServerResponse) => response.flushHeaders(),
        (response: ServerResponse) => response.write('x'),
      ]) {
        const { deadline, end } = controlled()
        let gone: Promise<unknown> = Promise.resolve()
        answer = (request, response) => {
          gone = closeOf(request.socket)
          begin(response)
          setImmediate(end)
        }
        expect(await reasonOf(ask({ deadline }))).to.equal('timeout')
        await gone
        logged.length = 0
      }
    })
    it('is given up when a name takes too long, before anything connects', async () => {
      const { deadline, end } = controlled()
      const resolve = () => new Promise<never>(() => setImmediate(end))
      expect(await reasonOf(create({ deadline, resolve })(`http://rp.example.com:${plain.port}/`))).to.equal('timeout')
      expect(connections()).to.equal(0)
    })
    it('is given up when the caller does', async () => {
      const controller = new AbortController()
      answer = () => controller.abort()
      const asked = create()(`http://localhost:${plain.port}/`, { signal: controller.signal })
      expect(await reasonOf(asked)).to.equal('timeout')
    })
    it('has the time that the settings say', async () => {
      const given: number[] = []
      const deadline = (milliseconds: number) => {
        given.push(milliseconds)
        return never()
      }
      await ask({ deadline, timeoutSeconds: 7 })
      expect(given).to.deep.equal([7_000])
    })
    it('that is broken off is none', async () => {
      answer = (request, response) => response.write('x', () => request.socket.destroy())
      expect(await reasonOf(ask())).to.equal('connection')
    })
    for (const [what, bytes] of [
      ['no HTTP', 'SSH-2.0-OpenSSH\r\n'],
      ['an upgrade that nobody asked for', 'HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n'],
      ['a status beyond all', 'HTTP/1.1 999 Odd\r\ncontent-length: 0\r\n\r\n'],
    ] as const) {
      it(`that is ${what} is none`, async () => {
        const other = createTcpServer((socket) => socket.on('error', () => {}).write(bytes)).listen(0, 'localhost')
        await once(other, 'listening')
        const { port } = other.address() as { port: number }
        expect(await reasonOf(create()(`http://localhost:${port}/`))).to.be.oneOf(['connection', 'status'])
        other.close()
      })
    }
  })

  it('refuses to ask more than so many at once, and asks again when one is done', async () => {
    const waiting: ServerResponse[] = []
    let both = () => {}
    const twoCame = new Promise<void>((resolve) => {
      both = resolve
    })
    answer = (_request, response) => {
      waiting.push(response)
      if (waiting.length === 2) both()
    }
    const asking = create({ mostAtOnce: 2 })
    const url = `http://localhost:${plain.port}/`
    const held = [asking(url), asking(url)]
    await twoCame
    expect(await reasonOf(asking(url))).to.equal('busy')
    expect(plain.connections).to.equal(2)
    for (const response of waiting) response.end()
    await Promise.all(held)
    answer = (_request, response) => response.end()
    expect((await asking(url)).status).to.equal(200)
  })

  it('G03 has four requests to one origin under way at most, whatever becomes of others', async () => {
    const held: ServerResponse[] = []
    let all = () => {}
    const heldAll = new Promise<void>((resolve) => {
      all = resolve
    })
    answer = (_request, response) => void (held.push(response) === 4 && all())
    const asking = create()
    const dead = `http://localhost:${plain.port}/`
    const waiting = Array.from({ length: 4 }, () => asking(dead))
    await heldAll
    expect(await reasonOf(asking(dead))).to.equal('busy')
    expect(plain.connections).to.equal(4)
    answer = (_request, response) => response.end()
    expect((await asking(`http://127.0.0.1:${plain.port}/`)).status, 'another origin').to.equal(200)
    expect((await create()(dead)).status, 'another guard').to.equal(200)
    for (const response of held) response.end()
    await Promise.all(waiting)
    expect((await asking(dead)).status, 'when they are done').to.equal(200)
  })

  it('keeps the place of a name that is still being asked for, though nobody waits any more', async () => {
    const controller = new AbortController()
    let known: (addresses: []) => void = () => {}
    const resolve = () =>
      new Promise<[]>((settle) => {
        known = settle
      })
    const asking = create({ mostAtOnce: 1, resolve, deadline: () => controller.signal })
    controller.abort()
    expect(await reasonOf(asking('https://rp.example.com/'))).to.equal('timeout')
    logged.length = 0
    expect(await reasonOf(asking('https://rp.example.com/'))).to.equal('busy')
    logged.length = 0
    known([])
    await new Promise(setImmediate)
    expect(await reasonOf(asking('https://rp.example.com/'))).to.equal('timeout')
  })

  it('sends a form, with the caller’s headers but for those of the connection, and reads the whole answer', async () => {
    let body = ''
    answer = async (request, response) => {
      for await (const chunk of request) body += chunk
      response.writeHead(201, { 'content-type': 'text/plain', 'x-many': ['a', 'b'] }).end('made')
    }
    const response = await create()(`http://localhost:${plain.port}/path?query=1`, {
      method: 'POST',
      headers: { 'x-own': '1', 'user-agent': '', host: 'evil.example.com', connection: 'keep-alive', 'content-length': '1' },
      body: new URLSearchParams({ logout_token: 'a b' }),
    })
    expect(body).to.equal('logout_token=a+b')
    expect(received).to.include({ method: 'POST', url: '/path?query=1' })
    expect(received?.headers).to.deep.equal({
      'accept-encoding': 'identity',
      connection: 'close',
      'content-length': '16',
      'content-type': 'application/x-www-form-urlencoded',
      host: `localhost:${plain.port}`,
      'x-own': '1',
    })
    expect(response).to.be.instanceOf(Response).and.to.include({ status: 201, ok: true })
    expect(response.headers.get('x-many')).to.equal('a, b')
    expect(await response.text()).to.equal('made')
  })
  for (const status of [204, 205]) {
    it(`reads an answer that has no body: ${status}`, async () => {
      answer = (_request, response) => response.writeHead(status).end()
      expect(await create()(`http://localhost:${plain.port}/`)).to.include({ status, body: null })
    })
  }
  it('uses no connection twice', async () => {
    const asking = create()
    for (let n = 0; n < 3; n++) await asking(`https://localhost:${secure.port}/`)
    expect(secure.connections).to.equal(3)
  })

  it('asks no proxy of the environment', async () => {
    const module = new URL('../../src/outgoing/fetch.ts', import.meta.url)
    const script = `
      import { createGuardedFetch } from ${JSON.stringify(module.href)}
      import { createServer } from 'node:http'
      let asks = 0
      const proxy = createServer((request, response) => response.end(String(++asks))).listen(process.env.PROXY_PORT, '127.0.0.1')
      // Node 24 asks a proxy for a tunnel, Node 26 for the thing itself.
      proxy.on('connect', (request, socket) => { asks++; socket.end('HTTP/1.1 502 Bad Gateway\\r\\n\\r\\n') })
      const asked = createServer((request, response) => response.end('asked')).listen(0, '127.0.0.1', async () => {
        const url = 'http://127.0.0.1:' + asked.address().port + '/'
        const parts = { allowPrivateNetworks: true, timeoutSeconds: 1, maxBytes: 99, deadline: () => new AbortController().signal, log: console }
        await fetch(url).catch(() => {})
        const before = asks
        console.log(before > 0, await (await createGuardedFetch(parts)(url)).text(), asks - before)
        process.exit()
      })`
    const port = await freePort('127.0.0.1')
    const proxy = `http://127.0.0.1:${port}`
    const { stdout } = spawnSync(process.execPath, ['--input-type=module', '--eval', script], {
      encoding: 'utf8',
      timeout: 30_000,
      env: {
        ...process.env,
        NODE_USE_ENV_PROXY: '1',
        HTTP_PROXY: proxy,
        http_proxy: proxy,
        NO_PROXY: '',
        no_proxy: '',
        PROXY_PORT: String(port),
      },
    })
    expect(stdout.trim(), 'an ordinary fetch asks it, the guarded one is answered without').to.equal('true asked 0')
  })

  it('logs the origin and the reason of a refusal, never the path', async () => {
    const { message } = await closed()('https://127.0.0.1/secret-path?token=x').catch((error) => error)
    expect(logged).to.deep.equal([['outgoing.refused', { origin: 'https://127.0.0.1', reason: 'address', address: '127.0.0.1' }]])
    expect(message).to.not.include('127.0.0.1')
  })
  it('calls what a caller of ours does wrong a mistake', async () => {
    const url = `http://localhost:${plain.port}/`
    for (const [input, init] of [
      [new Request(url), {}],
      [url, { method: 'POST', body: new ReadableStream() }],
      [url, { method: 'NOT VALID' }],
    ] as const)
      expect(await create()(input, init).catch((error) => error)).to.be.instanceOf(TypeError)
    expect(connections()).to.equal(0)
  })
})
