/** For whoever keeps the server running: does it answer, and is it of use. */
import Router from '@koa/router'
import type { Readiness } from '../readiness.ts'

const retryAfterSeconds = 2

export function healthRoutes(readiness: Readiness): Router {
  const router = new Router({ prefix: '/health' })

  // A process that does not answer this is to be started anew; one whose store is away is not.
  router.get('/live', (ctx) => {
    ctx.body = { status: 'live' }
  })

  router.get('/ready', async (ctx) => {
    const missing = await readiness.missing()
    ctx.status = missing.length === 0 ? 200 : 503
    if (ctx.status === 503) ctx.set('Retry-After', String(retryAfterSeconds))
    ctx.body = missing.length === 0 ? { status: 'ready' } : { status: 'not ready', missing }
  })
  return router
}
