/** An API that people let apps use: their notes. Tokens are verified right here, by the issuer's published keys, without a call per request. */
import Router from '@koa/router'
import Koa from 'koa'
import { type Auth, createResourceServer, defineResource, koa, type Protected } from '../resource-server/index.ts'
import { jsonBody } from './body.ts'
import { add, list, remove } from './notes.ts'

const issuer = process.env.SIGNET_ISSUER ?? 'http://localhost:4000'
const host = process.env.SIGNET_API_HOST ?? 'localhost'
const port = Number(process.env.SIGNET_API_PORT ?? 4001)

const notes = defineResource({
  id: `http://localhost:${port}`,
  scopes: {
    'notes:read': 'Read your notes',
    'notes:write': 'Change your notes',
    'notes:delete': 'Delete notes',
  },
})
const api = createResourceServer({
  issuer,
  resource: notes,
  accept: ['access_token', 'api_key'],
  revocations: {},
  on(event) {
    if (event.type === 'keys_failed' || event.type === 'revocations_failed')
      console.error(`sample API: ${event.type}: ${event.error instanceof Error ? event.error.message : event.error}`)
  },
})
const { protect, metadata } = koa(api)

// A client that acts for itself has notes of its own, even if it is called like a person.
const ownerOf = (auth: Auth) => `${auth.isUser ? 'person' : 'client'}:${auth.subject}`

const router = new Router<Protected>()
router.get('/health', (ctx) => {
  ctx.body = { status: 'ok' }
})
router.get('/notes', protect('notes:read'), (ctx) => {
  ctx.body = { notes: list(ownerOf(ctx.state.auth)) }
})
router.post('/notes', protect('notes:write'), async (ctx) => {
  const { text } = await jsonBody(ctx)
  if (typeof text !== 'string' || text === '') return ctx.throw(400, 'A note needs a "text"')
  ctx.status = 201
  ctx.body = add(ownerOf(ctx.state.auth), text)
})
router.delete('/notes/:id', protect('notes:delete'), (ctx) => {
  ctx.status = remove(ownerOf(ctx.state.auth), ctx.params.id ?? '') ? 204 : 404
})

const app = new Koa().use(metadata()).use(router.routes()).use(router.allowedMethods())
const server = app.listen(port, host, () => console.log(`sample API   ${notes.id}   (tokens from ${issuer})`))

server.on('error', (error: NodeJS.ErrnoException) => {
  console.error(
    error.code === 'EADDRINUSE' ? `sample API: port ${port} is taken; set SIGNET_API_PORT` : `sample API: ${error.message}`,
  )
  process.exit(1)
})
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => server.close(() => api.close()))
