import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { expect } from 'chai'
import { createTestIssuer } from '../../src/resource-server/testing.ts'
import { json, type Loopback, loopback } from './support.ts'

const root = path.resolve(import.meta.dirname, '../..')
const guide = readFileSync(path.join(root, 'docs/resource-servers.md'), 'utf8')
const blocks = new Map(
  [...guide.matchAll(/^```js (.+)\n([\s\S]+?)^```$/gm)].map(([, name, code]) => [name as string, code as string]),
)
const block = (name: string): string => blocks.get(name) ?? expect.fail(`the guide has no block ${name}`)

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
  'hono-jwk': ["import { Hono } from 'hono'\nconst app = new Hono()", 'export const handle = (request) => app.fetch(request)'],
  'express-oauth2-jwt-bearer': [
    "import createApp from 'express'\nconst app = createApp()",
    'app.use((error, request, response, next) => response.status(error.status ?? 500).end())\nexport const listener = app',
  ],
}
/** What speaks https alone is handed the keys of the test's issuer, which has no certificate. */
const handedOver: Record<string, string> = {
  'verify aws-jwt-verify': 'verifier.cacheJwks(await (await fetch(new URL("/.well-known/jwks.json", issuer))).json())',
}

const libraries = [...blocks.keys()].filter((name) => name.startsWith('verify '))

interface Loaded {
  listener?: Parameters<typeof loopback>[0]
  handle?(request: Request): Promise<Response>
  verify?(token: string): Promise<unknown>
}

describe('guides: protecting an API', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'signet-guides-'))
  let published: Loopback
  let issuer: ReturnType<typeof createTestIssuer>

  before(async () => {
    symlinkSync(path.join(root, 'node_modules'), path.join(folder, 'node_modules'))
    published = await loopback(async (request, response) => {
      const document = request.url === '/.well-known/jwks.json' ? '/jwks' : request.url
      const answer = await issuer.options.fetch(`${published.url}${document}`, {})
      return answer.ok ? json(response, await answer.json()) : response.writeHead(404).end()
    })
    issuer = createTestIssuer({ issuer: published.url, resource: 'https://api.example.com' })
  })
  after(async () => {
    await published.close()
    rmSync(folder, { recursive: true, force: true })
  })

  /** The kit is taken from its source: that the package has it too is another test. */
  async function load(name: string, ...parts: string[]): Promise<Loaded> {
    const kit = pathToFileURL(path.join(root, 'src/resource-server/')).href
    const code = [`const issuer = '${published.url}'`, ...parts]
      .join('\n')
      .replaceAll(/'signet\/resource-server\/(\w+)'/g, `'${kit}$1.ts'`)
      .replaceAll("'signet/resource-server'", `'${kit}index.ts'`)
    const file = path.join(folder, `${name.replaceAll(' ', '-')}.mjs`)
    writeFileSync(file, code)
    return import(pathToFileURL(file).href)
  }
  /** What none of the libraries has an option for, and no line of the guide makes up: it costs nobody anything alone. */
  const tolerated = ['issuedInTheFuture', 'livesTooLong', 'withoutKeyId']
  const good = () => issuer.token({ scope: 'notes:read' })

  for (const [name, [before, after]] of Object.entries(around)) {
    it(`${name}: lets in a good token, and refuses each bad one`, async () => {
      const { listener, handle } = await load(name, block('kit'), before, block(name), after)
      const server = listener && (await loopback(listener))
      const ask = async (token: string) => {
        const headers = { authorization: `Bearer ${token}` }
        const response = server
          ? await fetch(`${server.url}/notes`, { headers })
          : await (handle as NonNullable<Loaded['handle']>)(new Request('https://api.example.com/notes', { headers }))
        return [response.status, await response.text()]
      }
      expect(await ask(good())).to.deep.equal([200, 'test-person'])
      expect((await ask(issuer.token({ scope: 'other' })))[0]).to.equal(403)
      const answers = new Map<string, unknown>()
      for (const [kind, make] of Object.entries(issuer.bad)) answers.set(kind, (await ask(make()))[0])
      const isOurs = block(name).includes('signet/resource-server')
      const accepted = [...answers].filter(([kind, status]) => status !== 401 && (isOurs || !tolerated.includes(kind)))
      expect(accepted).to.deep.equal([])
      await server?.close()
    })
  }

  it('testing: makes a good token and bad ones', async () => {
    const { good, bad } = (await load('testing', block('testing'), 'export { good, bad }')) as { good: string; bad: string[] }
    expect([good.split('.').length, bad.length]).to.deep.equal([3, Object.keys(issuer.bad).length])
  })

  it('has libraries to show', () => expect(libraries.length).to.be.above(2))
  for (const name of libraries) {
    it(`${name}: lets in a good token, and refuses the bad ones`, async () => {
      const { verify } = await load(name, block(name), handedOver[name] ?? '', 'export { verify }')
      const check = verify as NonNullable<Loaded['verify']>
      expect(await check(good())).to.include({ sub: 'test-person' })
      const accepted: string[] = []
      for (const [kind, make] of Object.entries(issuer.bad)) {
        await Promise.resolve()
          .then(() => check(make()))
          .then(
            () => accepted.push(kind),
            () => {},
          )
      }
      expect(accepted.filter((kind) => !tolerated.includes(kind))).to.deep.equal([])
    })
  }
})
