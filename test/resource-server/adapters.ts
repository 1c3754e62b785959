/** One small API in each framework: `protect` and `metadata`, and handlers that say who called and what came in. */
import { once } from 'node:events'
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Readable } from 'node:stream'
import Router from '@koa/router'
import expressApp from 'express'
import fastifyApp from 'fastify'
import { Hono } from 'hono'
import Koa from 'koa'
import { express } from '../../src/resource-server/express.ts'
import { type Protected as FastifyProtected, fastify } from '../../src/resource-server/fastify.ts'
import { fetchHandlers } from '../../src/resource-server/fetch.ts'
import { type Protected as HonoProtected, hono } from '../../src/resource-server/hono.ts'
import { type Auth, koa, type Protected, type Requirement, type ResourceServer } from '../../src/resource-server/index.ts'
import { mcp } from '../../src/resource-server/mcp.ts'
import { type Protected as NodeProtected, node } from '../../src/resource-server/node.ts'
import type { Scope } from './support.ts'

/** What each route of the API asks. */
export const routes: Record<string, Requirement<Scope> | undefined> = {
  '/any': undefined,
  '/notes': 'notes:read',
  '/both': ['notes:read', 'notes:write'],
  '/recent': { all: ['notes:read'], maxAge: 600 },
  '/strong': { all: ['notes:read'], acr: ['mfa'] },
  '/open': { optional: true },
}

declare module 'fastify' {
  interface FastifyRequest extends FastifyProtected<Scope> {}
}

type Api = ResourceServer<Scope>
type Said = { subject: string | null; bytes: number }

export interface Running {
  url: string
  close(): Promise<void>
}

const said = (auth: Auth<Scope> | undefined, body: string | Buffer = ''): Said => ({
  subject: auth?.subject ?? null,
  bytes: body.length,
})

async function read(stream: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  for await (const chunk of stream) chunks.push(chunk)
  return Buffer.concat(chunks)
}

const json = (response: ServerResponse, value: unknown) =>
  response.setHeader('content-type', 'application/json').end(JSON.stringify(value))

async function listen(handler: RequestListener): Promise<Running> {
  const server = createServer(handler).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

/** A server of `node:http` around a handler of `fetch`. */
function listenFetch(handler: (request: Request) => Response | Promise<Response>): Promise<Running> {
  return listen(async (incoming, outgoing) => {
    const headers = new Headers()
    for (let at = 0; at < incoming.rawHeaders.length; at += 2)
      headers.append(incoming.rawHeaders[at] as string, incoming.rawHeaders[at + 1] as string)
    const hasBody = incoming.method !== 'GET' && incoming.method !== 'HEAD'
    const body = hasBody ? (Readable.toWeb(incoming) as ReadableStream) : null
    const request = new Request(`http://api.test${incoming.url}`, {
      method: incoming.method ?? 'GET',
      headers,
      body,
      duplex: 'half',
    } as RequestInit)
    const response = await handler(request)
    outgoing.writeHead(response.status, Object.fromEntries(response.headers))
    outgoing.end(Buffer.from(await response.arrayBuffer()))
  })
}

export const adapters: Record<string, (api: Api) => Promise<Running>> = {
  koa(api) {
    const { protect, metadata } = koa(api)
    const router = new Router<Protected<Scope>>()
    for (const [path, need] of Object.entries(routes)) {
      router.all(path, protect(need), async (ctx) => {
        ctx.body = said(ctx.state.auth, await read(ctx.req))
      })
    }
    return listen(new Koa().use(metadata()).use(router.routes()).callback())
  },

  express(api) {
    const { protect, metadata } = express(api)
    const app = expressApp().use(metadata())
    for (const [path, need] of Object.entries(routes)) {
      app.all(path, protect(need), async (request, response) => {
        response.json(said(response.locals.auth, await read(request)))
      })
    }
    return listen(app)
  },

  async fastify(api) {
    const { protect, metadata } = fastify(api)
    const app = fastifyApp()
    app.addHook('onRequest', metadata())
    app.addContentTypeParser('*', (_request, payload, done) => done(null, payload))
    for (const [url, need] of Object.entries(routes)) {
      app.route({
        method: ['GET', 'POST'],
        url,
        onRequest: protect(need),
        async handler(request) {
          const { auth } = request
          return said(auth, request.body ? await read(request.body as Readable) : '')
        },
      })
    }
    return { url: await app.listen({ port: 0, host: '127.0.0.1' }), close: () => app.close() }
  },

  hono(api) {
    const { protect, metadata } = hono(api)
    const app = new Hono<{ Variables: HonoProtected<Scope> }>()
    app.use(metadata())
    for (const [path, need] of Object.entries(routes))
      app.all(path, protect(need), async (c) => c.json(said(c.get('auth'), Buffer.from(await c.req.arrayBuffer()))))
    return listenFetch((request) => app.fetch(request))
  },

  'node:http'(api) {
    const { protect, metadata } = node(api)
    const answersMetadata = metadata()
    const handlers = new Map(Object.entries(routes).map(([path, need]) => [path, protect(need, answer)]))
    async function answer(request: IncomingMessage & NodeProtected<Scope>, response: ServerResponse): Promise<void> {
      json(response, said(request.auth, await read(request)))
    }
    return listen((request, response) => {
      if (answersMetadata(request, response)) return
      const handler = handlers.get(new URL(request.url ?? '', 'http://api.test').pathname)
      if (handler) handler(request, response)
      else response.writeHead(404).end()
    })
  },

  fetch(api) {
    const { protect, metadata } = fetchHandlers(api)
    const metadataOf = metadata()
    const answer = async (request: Request, auth: Auth<Scope>) =>
      Response.json(said(auth, Buffer.from(await request.arrayBuffer())))
    const handlers = new Map(Object.entries(routes).map(([path, need]) => [path, protect(need, answer)]))
    return listenFetch(
      (request) =>
        metadataOf(request) ?? handlers.get(new URL(request.url).pathname)?.(request) ?? new Response(null, { status: 404 }),
    )
  },

  mcp(api) {
    const { protect, metadata } = mcp(api)
    const app = expressApp().use(metadata())
    for (const [path, need] of Object.entries(routes)) {
      app.all(path, protect(need), async (request, response) => {
        response.json(said(request.auth?.extra?.auth as Auth<Scope> | undefined, await read(request)))
      })
    }
    return listen(app)
  },
}
