/** The letters of a server in development, to read and to follow. Routed nowhere else: they hold links that act for other people. */
import Router from '@koa/router'
import { Refusal } from '../../base/errors.ts'
import type { Inbox, Received } from '../../mail/inbox.ts'
import type { Pages } from '../../pages/render.ts'

export interface InboxParts {
  inbox: Inbox
  pages: Pages
}

/** A letter's HTML may style itself, and nothing else; what it links to opens in the whole window, as from a mail program. */
const letterPolicy = [
  "default-src 'none'",
  "style-src 'unsafe-inline'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'self'",
  'sandbox allow-top-navigation-by-user-activation',
].join('; ')
const framingPolicy =
  "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; frame-src 'self'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'"

export function inboxRoutes({ inbox, pages }: InboxParts): Router {
  const router = new Router({ prefix: '/dev/mail' })

  // Programs, tests among them, get the letters as they are: `[{id, at, kind, to, subject, text, html}]`, newest first.
  router.get('/', (ctx) => {
    if (ctx.accepts('html', 'json') === 'json') {
      ctx.body = inbox.list()
      return
    }
    ctx.type = 'html'
    ctx.body = pages.render('inbox', { letters: inbox.list() })
  })

  router.get('/:id', (ctx) => {
    const { id, at, to, subject, text } = mustFind(ctx.params.id)
    ctx.type = 'html'
    ctx.set('Content-Security-Policy', framingPolicy)
    ctx.body = pages.render('inboxLetter', { at, to, subject, text, frameHref: `/dev/mail/${id}/html` })
  })

  router.get('/:id/html', (ctx) => {
    const { html } = mustFind(ctx.params.id)
    ctx.type = 'html'
    ctx.set('Content-Security-Policy', letterPolicy)
    ctx.set('X-Frame-Options', 'SAMEORIGIN')
    ctx.body = html.replace('<head>', '<head>\n<base target="_top">')
  })
  return router

  function mustFind(id: string | undefined): Received {
    const letter = inbox.find(id ?? '')
    if (!letter) throw new Refusal('not_found', 'There is no such letter.', { status: 404 })
    return letter
  }
}
