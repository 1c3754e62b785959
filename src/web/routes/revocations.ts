/** The list of revocations, for APIs that verify tokens by themselves (docs/revocation.md). */
import Router from '@koa/router'
import type { Context } from 'koa'
import { Refusal } from '../../base/errors.ts'
import type { Documents } from '../../oauth/revocations/document.ts'
import type { Readers } from '../../oauth/revocations/readers.ts'
import type { Waiting } from '../../oauth/revocations/waiting.ts'

/** Less than the half minute after which proxies and clients commonly give up. */
const longestWaitSeconds = 25

export interface RevocationParts {
  documents: Documents
  waiting: Waiting
  /** Where not everybody may read it. */
  readers: Readers | undefined
  issuer: string
}

/**
 * Without a place that is known, all of it is said at once. A public document unless the settings say otherwise: it says that something ended, and not
 * whose. Where they do, nobody waits who did not authenticate, and no cache between keeps an answer.
 */
export function revocationRoutes({ documents, waiting, readers, issuer }: RevocationParts): Router {
  const router = new Router()
  router.get('/revocations', async (ctx) => {
    if (readers) {
      ctx.set('WWW-Authenticate', `Basic realm="${issuer}"`)
      await readers.check(ctx.get('Authorization'))
      ctx.remove('WWW-Authenticate')
    }
    const waitSeconds = waitOf(ctx)
    const place = await documents.placeOf(single(ctx, 'after'))
    if (place && waitSeconds > 0) await waiting.until(place, waitSeconds * 1_000, gone(ctx))
    ctx.type = 'application/jwt'
    // Whoever else asks for the same within a second is answered on the way.
    ctx.set('Cache-Control', readers ? 'no-store' : 'public, max-age=1')
    if (!readers) ctx.set('Access-Control-Allow-Origin', '*')
    ctx.body = await documents.after((await stillThere(documents, place)) ?? { ...(await documents.end()), cursor: 0 })
  })
  return router
}

/** A backup may have been restored while somebody waited. */
async function stillThere(documents: Documents, place: { lineage: string; cursor: number } | undefined) {
  return place && (await documents.placeOf(`${place.lineage}.${place.cursor}`))
}

/** @throws Refusal `invalid_request` */
function waitOf(ctx: Context): number {
  const given = single(ctx, 'wait') ?? '0'
  if (!/^\d{1,4}$/.test(given)) throw new Refusal('invalid_request', 'wait has to be a number of seconds.')
  return Math.min(Number(given), longestWaitSeconds)
}

/** @throws Refusal `invalid_request` */
function single(ctx: Context, name: string): string | undefined {
  const given = ctx.query[name]
  if (Array.isArray(given)) throw new Refusal('invalid_request', `${name} was sent more than once.`)
  return given
}

/** Whoever has left waits no more. */
function gone(ctx: Context): AbortSignal {
  const left = new AbortController()
  ctx.res.once('close', () => left.abort())
  return left.signal
}
