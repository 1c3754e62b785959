/** The routes. Each one reads the session, says something to the authorization server or the API, and shows what came of it. */
import { readFileSync } from 'node:fs'
import Router from '@koa/router'
import Koa, { type Context } from 'koa'
import { ResponseBodyError } from 'openid-client'
import { callApi } from './api.ts'
import { Trouble } from './errors.ts'
import { guard } from './guard.ts'
import { signedInPage, signedOutPage } from './page.ts'
import { createSessions, type SignedIn } from './session.ts'
import type { Settings } from './settings.ts'
import { createSignet, FIRST_SCOPE, STEP_UP_SCOPE } from './signet.ts'
import { showTrouble } from './trouble.ts'

export function createApp(settings: Settings): Koa {
  const signet = createSignet(settings)
  const sessions = createSessions(settings.cookieKey, settings.origin.startsWith('https:'))
  const router = new Router()

  /** 303: whatever the method was, the browser goes on with GET (RFC 9110 s15.4.4). */
  const goTo = (ctx: Context, url: URL | string) => {
    ctx.redirect(String(url))
    ctx.status = 303
  }

  const begin = async (ctx: Context, scope: string, prompt?: 'consent') => {
    const { url, pending } = await signet.begin(scope, prompt)
    sessions.write(ctx, { ...sessions.read(ctx), pending })
    goTo(ctx, url)
  }

  const signedIn = (ctx: Context): SignedIn => {
    const session = sessions.read(ctx)
    if (!session.signedIn) throw new Trouble('You are signed out', 'Sign in first, and try again.')
    return session.signedIn
  }

  router.get('/', (ctx) => {
    const session = sessions.read(ctx)
    ctx.body = session.signedIn ? signedInPage(session.signedIn) : signedOutPage()
  })
  router.post('/sign-in', (ctx) => begin(ctx, FIRST_SCOPE))
  router.post('/step-up', (ctx) => begin(ctx, STEP_UP_SCOPE, 'consent'))

  router.get('/callback', async (ctx) => {
    const { pending, signedIn: before } = sessions.read(ctx)
    if (!pending)
      throw new Trouble('No sign-in is under way here', 'It was finished already, or it was begun in another browser.')
    // Used up, whatever comes of it. Who was signed in stays so: a step-up that was denied takes nothing away.
    sessions.write(ctx, { signedIn: before })
    const callback = new URL(`/callback${ctx.search}`, settings.origin)
    sessions.write(ctx, { signedIn: await signet.finish(callback, pending) })
    goTo(ctx, '/')
  })

  router.post('/notes/read', async (ctx) => {
    const person = signedIn(ctx)
    ctx.body = signedInPage(person, { answer: await callApi(settings, 'GET', person.accessToken) })
  })
  router.post('/notes/write', async (ctx) => {
    const person = signedIn(ctx)
    const note = { text: 'Written by the sample client' }
    ctx.body = signedInPage(person, { answer: await callApi(settings, 'POST', person.accessToken, note) })
  })

  router.post('/refresh', async (ctx) => {
    const fresh = await signet.refresh(signedIn(ctx)).catch((error: unknown) => {
      if (!(error instanceof ResponseBodyError && error.error === 'invalid_grant')) throw error
      sessions.write(ctx, {})
      throw new Trouble('Your sign-in has ended', 'Access was taken back, or too much time has passed. Sign in again to go on.')
    })
    sessions.write(ctx, { signedIn: fresh })
    ctx.body = signedInPage(fresh, {
      notice:
        'This is a new access token. Signet asked nobody: you are still signed in there, and what you allowed still stands.',
    })
  })
  router.post('/sign-out', async (ctx) => {
    const person = signedIn(ctx)
    // Out of this app first: were Signet asked first and did not answer, the tokens would stay here.
    sessions.write(ctx, {})
    goTo(ctx, await signet.signOutUrl(person))
  })

  for (const [file, type] of [
    ['style.css', 'text/css; charset=utf-8'],
    ['icon.svg', 'image/svg+xml'],
  ] as const) {
    const body = readFileSync(new URL(file, import.meta.url), 'utf8')
    router.get(`/${file}`, (ctx) => {
      ctx.type = type
      ctx.body = body
    })
  }

  const app = new Koa()
  app.use(showTrouble()).use(guard(settings)).use(router.routes())
  return app
}
