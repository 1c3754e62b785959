import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import { expect } from 'chai'
import type { ResourceServer } from '../../src/resource-server/index.ts'
import { createTestIssuer } from '../../src/resource-server/testing.ts'
import { revoke } from '../support/questions.ts'
import { blocksOf, type GuideIssuer, guide, respelled, root, saidToAccept, sayingNothing, startGuideIssuer } from './guides.ts'
import { type Loopback, loopback } from './support.ts'

const { names, block } = blocksOf('js')

/** What stands around the block of each framework: an `app` before it, and a way to ask it after it. */
const around: Record<string, [before: string, after: string]> = {
  koa: [
    "import Koa from 'koa'\nimport Router from '@koa/router'\nconst app = new Koa(), router = new Router()",
    'app.use(router.routes())\nexport const listener = app.callback()',
  ],
  express: ["import createApp from 'express'\nconst app = createApp()", 'export const listener = app'],
  fastify: ["import createApp from 'fastify'\nconst app = createApp()", 'await app.ready()\nexport const listener = app.routing'],
  hono: ["import { Hono } from 'hono'\nconst app = new Hono()", 'export const handle = (request) => app.fetch(request)'],
  fetch: ['', 'export const handle = handler'],
  node: ['', 'export const listener = handler'],
  mcp: ["import createApp from 'express'\nconst app = createApp()", 'export const listener = app'],
  'hono/jwk': ["import { Hono } from 'hono'\nconst app = new Hono()", 'export const handle = (request) => app.fetch(request)'],
  oauth4webapi: ['', 'export const handle = handler'],
  'express-oauth2-jwt-bearer': [
    "import createApp from 'express'\nconst app = createApp()",
    'app.use((error, request, response, next) => response.status(error.status ?? 500).end())\nexport const listener = app',
  ],
}
/** What speaks https alone is handed the keys of the test's issuer, which has no certificate. */
const handedOver: Record<string, string> = {
  'verify aws-jwt-verify': 'verifier.cacheJwks(await (await fetch(new URL("/.well-known/jwks.json", issuer))).json())',
}

/** Those that the guide shows without the kit. */
const frameworks = ['hono/jwk', 'express-oauth2-jwt-bearer', 'oauth4webapi']
const libraries = names.filter((name) => name.startsWith('verify '))
/** As if the guide had not those functions: what a library accepts by itself. */
const bare = `const accessToken = (token, payload) => payload
const tokenKeys = async () => (await (await fetch(\`\${issuer}/.well-known/jwks.json\`)).json()).keys`

interface Loaded {
  listener?: Parameters<typeof loopback>[0]
  handle?(request: Request): Promise<Response>
  verify?(token: string): Promise<unknown>
}
/** @returns whether it was let in, and what was said; a library throws, a framework answers */
type Ask = (token: string) => Promise<[status: number, text: string]>

describe('guides: protecting an API', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'signet-guides-'))
  const open: Loopback[] = []
  let from: GuideIssuer

  before(async () => {
    symlinkSync(path.join(root, 'node_modules'), path.join(folder, 'node_modules'))
    from = await startGuideIssuer()
  })
  after(async () => {
    for (const one of open) await one.close()
    await from.server.close()
    rmSync(folder, { recursive: true, force: true })
  })

  /** The kit is taken from its source: that the package has it too is another test. */
  async function load(name: string, ...parts: string[]): Promise<Loaded> {
    const kit = pathToFileURL(path.join(root, 'src/resource-server/')).href
    const code = [`const issuer = '${from.issuer}'`, ...parts]
      .join('\n')
      // It speaks https alone unless told otherwise.
      .replace('discoveryRequest(url)', 'discoveryRequest(url, { [oauth.allowInsecureRequests]: true })')
      .replace('{ signingAlgorithms', '{ [oauth.allowInsecureRequests]: true, signingAlgorithms')
      .replaceAll(/'signet\/resource-server\/(\w+)'/g, `'${kit}$1.ts'`)
      .replaceAll("'signet/resource-server'", `'${kit}index.ts'`)
    const file = path.join(folder, `${name.replaceAll(/[ /]/g, '-')}.mjs`)
    writeFileSync(file, code)
    return import(pathToFileURL(file).href)
  }

  async function framework(name: string, first: string, as = name): Promise<Ask> {
    const [before, after] = around[name] as [string, string]
    const { listener, handle } = await load(as, first, before, block(name), after)
    const server = listener && (await loopback(listener))
    if (server) open.push(server)
    return async (token) => {
      const headers = { authorization: `Bearer ${token}` }
      const response = server
        ? await fetch(`${server.url}/notes`, { headers })
        : await (handle as NonNullable<Loaded['handle']>)(new Request('https://api.example.com/notes', { headers }))
      return [response.status, await response.text()]
    }
  }
  async function library(name: string, first: string, as = name): Promise<Ask> {
    const { verify } = await load(as, first, block(name), handedOver[name] ?? '', 'export { verify }')
    return async (token) => {
      try {
        const { sub } = (await (verify as NonNullable<Loaded['verify']>)(token)) as { sub: string }
        return [200, sub]
      } catch {
        return [401, '']
      }
    }
  }
  /** The list comes by itself. */
  async function untilRevoked(api: ResourceServer<string>, credential: string): Promise<void> {
    const isRefused = () =>
      api.verify(credential).then(
        () => false,
        ({ reason }) => reason === 'revoked',
      )
    while (!(await isRefused())) await setImmediate()
  }
  async function accepted(ask: Ask): Promise<string[]> {
    const kinds: string[] = []
    for (const [kind, make] of Object.entries(from.bad)) if ((await ask(make()))[0] !== 401) kinds.push(kind)
    return kinds
  }

  for (const name of Object.keys(around)) {
    it(`${name}: lets in a person's token, and refuses each bad one`, async () => {
      const ask = await framework(name, block(frameworks.includes(name) ? 'rest' : 'kit'))
      expect(await ask(from.good)).to.deep.equal([200, from.subject])
      expect((await ask(from.withoutScope))[0]).to.equal(403)
      expect(await accepted(ask)).to.deep.equal([])
      expect((await ask(respelled(from.good)))[0]).to.equal(401)
      for (const claims of sayingNothing) expect((await ask(from.signed(claims)))[0], JSON.stringify(claims)).to.equal(401)
    })
  }

  it('asks: lets in whoever a route asks for, and says to others what it asks', async () => {
    const [app, after] = around.express as [string, string]
    const answer = 'const answer = (request, response) => response.send(response.locals.auth.subject)'
    const { listener } = await load('asks', block('kit'), app, answer, block('express'), block('asks'), after)
    const server = await loopback(listener as NonNullable<typeof listener>)
    open.push(server)
    const ask = async (at: string, token?: string) => {
      const response = await fetch(server.url + at, token ? { headers: { authorization: `Bearer ${token}` } } : {})
      return [response.status, response.headers.get('www-authenticate') ?? (await response.text())]
    }
    expect(await ask('/news')).to.deep.equal([200, 'nobody'])
    for (const at of ['/news', '/either', '/recent']) expect(await ask(at, from.good), at).to.deep.equal([200, from.subject])
    expect((await ask('/news', from.bad.expired?.()))[0]).to.equal(401)
    expect((await ask('/either', from.withoutScope))[0]).to.equal(403)
    const old = from.signed({ auth_time: Math.floor(Date.now() / 1000) - 660 })
    for (const [at, token, asked] of [
      ['/recent', old, 'max_age="600"'],
      ['/strong', from.good, 'acr_values="urn:example:two-factor"'],
    ] as const) {
      const [status, challenge] = await ask(at, token)
      expect(status).to.equal(401)
      expect(challenge).to.include('error="insufficient_user_authentication"').and.to.include(asked)
    }
  })
  it('ended: refuses a token that was revoked since, known before, and no other', async () => {
    const declared = block('kit').replace(/^const api = .*$/m, '')
    const { api } = (await load('ended', declared, block('ended'), 'export { api }')) as unknown as {
      api: ResourceServer<string>
    }
    const ended = await from.another()
    await api.verify(ended, 'notes:read')
    await revoke(from.server, from.app, ended)
    await untilRevoked(api, ended)
    await api.verify(from.good, 'notes:read')
    api.close()
  })
  it('names options that there are', () => {
    const [, options = ''] = /^### What else it is told\n(.*?)^#/ms.exec(guide) ?? []
    const named = [...options.matchAll(/^\| (`[^|]+`) \|/gm)].flatMap(([, cell]) => cell?.match(/\w+/g) ?? [])
    const source = readFileSync(path.join(root, 'src/resource-server/options.ts'), 'utf8')
    expect(named.length).to.be.above(8)
    for (const name of named) expect(source, name).to.match(new RegExp(`^  ${name}\\??[:(]`, 'm'))
  })
  it('keys: takes an API key until it ends, and tokens beside it', async () => {
    const declared = block('kit').replace(/^const api = .*$/m, '')
    const { api } = (await load('keys', declared, block('keys'), 'export { api }')) as unknown as { api: ResourceServer<string> }
    const { key, end } = await from.apiKey()
    expect(await api.verify(key, 'notes:read')).to.include({ kind: 'api_key', subject: from.subject, isUser: true })
    await api.verify(from.good, 'notes:read')
    await end()
    await untilRevoked(api, key)
    await api.verify(from.good, 'notes:read')
    api.close()
  })
  it('key jose: takes an API key until it ends, and refuses each bad one', async () => {
    const { verifyKey, read } = (await load('key jose', block('key jose'), 'export { verifyKey, read }')) as unknown as {
      verifyKey(key: string): Promise<{ sub: string }>
      read(): Promise<void>
    }
    const isRefused = (key: string) =>
      verifyKey(key).then(
        () => false,
        () => true,
      )
    const { key, end } = await from.apiKey()
    await read()
    expect(await verifyKey(key)).to.include({ sub: from.subject })
    expect(await isRefused(from.good)).to.equal(true)
    for (const [kind, make] of Object.entries(from.bad)) expect(await isRefused(make()), kind).to.equal(true)
    const other = await from.apiKey()
    await end()
    await read()
    expect(await isRefused(key)).to.equal(true)
    await verifyKey(other.key)
  })
  it('testing: makes a good token and bad ones', async () => {
    const { good, bad } = (await load('testing', block('testing'), 'export { good, bad }')) as { good: string; bad: string[] }
    const kinds = Object.keys(createTestIssuer({ resource: 'https://api.example.com' }).bad)
    expect([good.split('.').length, bad.length]).to.deep.equal([3, kinds.length])
  })

  it('hono/jwk: asks for the keys once, and by jwks_uri for each request', async () => {
    const [before, after] = around['hono/jwk'] as [string, string]
    const byUri = block('hono/jwk').replace('keys: () => tokenKeys(),', `jwks_uri: '${from.issuer}/jwks',`)
    const fetches = async (name: string, text: string) => {
      const { handle } = await load(name, block('rest'), before, text, after)
      const request = () => new Request('https://api.example.com/notes', { headers: { authorization: `Bearer ${from.good}` } })
      const asked: string[] = []
      const { fetch } = globalThis
      globalThis.fetch = (input, init) => {
        asked.push(String(input))
        return fetch(input, init)
      }
      try {
        for (let i = 0; i < 3; i++) expect((await handle?.(request()))?.status).to.equal(200)
      } finally {
        globalThis.fetch = fetch
      }
      return asked.map((url) => url.replace(from.issuer, ''))
    }
    const own = '/.well-known/jwks.json'
    expect(await fetches('hono once', block('hono/jwk'))).to.deep.equal([own])
    expect(await fetches('hono by uri', byUri)).to.have.members([own, '/jwks', '/jwks', '/jwks'])
  })
  it('has libraries to show', () => expect(libraries.length).to.be.above(2))
  for (const name of libraries) {
    it(`${name}: lets in a person's token, and refuses each bad one`, async () => {
      const ask = await library(name, block('rest'))
      expect(await ask(from.good)).to.deep.equal([200, from.subject])
      expect(await accepted(ask)).to.deep.equal([])
      expect((await ask(respelled(from.good)))[0]).to.equal(401)
      for (const claims of sayingNothing) expect((await ask(from.signed(claims)))[0], JSON.stringify(claims)).to.equal(401)
    })
  }

  for (const name of [...libraries, ...frameworks]) {
    it(`${name}: accepts without that function what the guide says, no more and no less`, async () => {
      const ask = await (frameworks.includes(name) ? framework : library)(name, bare, `${name} alone`)
      expect((await ask(from.good))[0]).to.equal(200)
      expect((await accepted(ask)).sort()).to.deep.equal(saidToAccept(`\`${name.replace('verify ', '')}\``).sort())
    })
  }
})
