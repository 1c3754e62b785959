/** What the page after a form says of it, once: in a cookie, since an address that says it could be sent to anybody. */
import type { Context } from 'koa'

/** By what was done. */
const sentences = {
  name: 'Your name is changed.',
  password: 'Your password is changed. Everywhere else you are signed out.',
  email: 'Your e-mail address is changed.',
  recovered: 'Your password is changed, and you are signed out everywhere. Sign in with the new one.',
} as const
export type Done = keyof typeof sentences

export interface Said {
  say(ctx: Context, done: Done): void
  /** @returns what is to be said on this page */
  take(ctx: Context): string | undefined
}

/** @param path of the pages that say it */
export function createSaid(path: string, { development }: { development: boolean }): Said {
  const name = development ? 'signet_said' : '__Secure-signet_said'
  const options = { path, httpOnly: true, sameSite: 'lax', secure: !development, signed: false } as const
  return {
    say: (ctx, done) => void ctx.cookies.set(name, done, { ...options, maxAge: 60_000 }),
    take(ctx) {
      const done = ctx.cookies.get(name, { signed: false })
      if (done === undefined) return undefined
      ctx.cookies.set(name, null, options)
      return Object.hasOwn(sentences, done) ? sentences[done as Done] : undefined
    },
  }
}
