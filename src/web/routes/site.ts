/** What belongs to no flow: the home page, the pages' assets, the key set, the inbox of a server in development. */
import Router from '@koa/router'
import type { Context } from 'koa'
import { digest } from '../../crypto/derive.ts'
import type { KeyRing } from '../../crypto/keyring.ts'
import { jwksMaxAgeSeconds } from '../../crypto/rotation.ts'
import type { Inbox } from '../../mail/inbox.ts'
import type { Asset, Pages } from '../../pages/render.ts'
import type { Settings } from '../../settings/load.ts'
import { inboxRoutes } from './inbox.ts'

export interface SiteParts {
  settings: Settings
  pages: Pages
  ring: KeyRing
  /** Undefined where no API takes API keys. */
  apiKeyRing?: KeyRing | undefined
  inbox?: Inbox | undefined
}

export function siteRoutes({ settings, pages, ring, apiKeyRing, inbox }: SiteParts): Router {
  const router = new Router()
  const { issuer, development, demo, samples } = settings

  router.get('/', (ctx) => {
    ctx.type = 'html'
    ctx.body = pages.render('home', {
      issuer,
      development,
      hasInbox: inbox !== undefined,
      sampleClientUrl: demo ? `http://localhost:${samples.clientPort}` : undefined,
    })
  })

  for (const [path, asset] of pages.assets) router.get(path, (ctx) => serve(ctx, asset))

  // Several verifiers assume /.well-known/jwks.json, others /jwks: both are one document. The library's own answer has no Cache-Control.
  router.get(['/.well-known/jwks.json', '/jwks'], (ctx) => {
    ctx.type = 'application/jwk-set+json'
    ctx.set('Cache-Control', `public, max-age=${jwksMaxAgeSeconds}`)
    ctx.set('Access-Control-Allow-Origin', '*')
    const body = JSON.stringify({ keys: [...ring.jwks.keys, ...(apiKeyRing?.jwks.keys ?? [])] })
    const etag = `"${digest(body)}"`
    ctx.set('ETag', etag)
    ctx.status = hasThis(ctx, etag) ? 304 : 200
    if (ctx.status === 200) ctx.body = body
  })
  if (inbox) router.use(inboxRoutes({ inbox, pages }).routes())
  return router
}

function serve(ctx: Context, { body, type, etag }: Asset): void {
  ctx.type = type
  ctx.set('ETag', etag)
  ctx.set('Cache-Control', 'v' in ctx.query ? 'public, max-age=31536000, immutable' : 'public, max-age=300')
  ctx.status = 200
  if (ctx.fresh) ctx.status = 304
  else ctx.body = body
}

/**
 * RFC 9110 s13.1.2. Not Koa's `fresh`, which takes `Cache-Control: no-cache` for a wish to have it all; that is said to caches on the way
 * (RFC 9111 s5.2.1.4), and a program's `fetch` says it with every condition.
 */
function hasThis(ctx: Context, etag: string): boolean {
  const given = ctx.get('If-None-Match').split(',')
  return given.some((one) => one.trim().replace(/^W\//, '') === etag)
}
