/** Where somebody goes on who was sent to sign in from the page of a link: such a page has no address that a client could register. */
import type { Context } from 'koa'
import { landedPath } from '../landing.ts'
import { createOnce } from '../once.ts'

export interface WayBack {
  note(ctx: Context): void
  /** @returns the page, once */
  take(ctx: Context): string | undefined
}

/** Longer than a sign-in takes. */
const seconds = 600
/** To no other place, whoever wrote the cookie. */
const page = landedPath('email-change')

/** @param path where it is taken */
export function createWayBack(path: string, settings: { development: boolean }): WayBack {
  const once = createOnce('signet_back', path, seconds, settings)
  return {
    note: (ctx) => once.put(ctx, ctx.path),
    take(ctx) {
      const back = once.take(ctx)
      return back !== undefined && page.test(back) ? back : undefined
    },
  }
}
