/** Where somebody goes on who was sent to sign in from the page of a link: such a page has no address that a client could register. */
import type { Context } from 'koa'
import { landedPath } from '../landing.ts'

export interface WayBack {
  note(ctx: Context): void
  /** @returns the page, once */
  take(ctx: Context): string | undefined
}

/** Longer than a sign-in takes. */
const milliseconds = 600_000
/** To no other place, whoever wrote the cookie. */
const page = landedPath('email-change')

/** @param path where it is taken */
export function createWayBack(path: string, { development }: { development: boolean }): WayBack {
  const name = development ? 'signet_back' : '__Secure-signet_back'
  const options = { path, httpOnly: true, sameSite: 'lax', secure: !development, signed: false } as const
  return {
    note: (ctx) => void ctx.cookies.set(name, ctx.path, { ...options, maxAge: milliseconds }),
    take(ctx) {
      const back = ctx.cookies.get(name, { signed: false })
      if (back === undefined) return undefined
      ctx.cookies.set(name, null, options)
      return page.test(back) ? back : undefined
    },
  }
}
