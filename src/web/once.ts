/** A word for the next page, which is read once: in a cookie, since an address that says it could be sent to anybody. Not sealed, so its reader judges it. */
import type { Context } from 'koa'

export interface Once {
  put(ctx: Context, word: string): void
  /** The browser forgets it. */
  take(ctx: Context): string | undefined
}

/** @param path of the pages that read it */
export function createOnce(name: string, path: string, seconds: number, { development }: { development: boolean }): Once {
  const fullName = development ? name : `__Secure-${name}`
  const options = { path, httpOnly: true, sameSite: 'lax', secure: !development, signed: false } as const
  return {
    put: (ctx, word) => void ctx.cookies.set(fullName, word, { ...options, maxAge: seconds * 1_000 }),
    take(ctx) {
      const word = ctx.cookies.get(fullName, { signed: false })
      if (word !== undefined) ctx.cookies.set(fullName, null, options)
      return word
    },
  }
}
