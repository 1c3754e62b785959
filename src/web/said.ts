/** What the page after a form says of it, once. */
import type { Context } from 'koa'
import { createOnce } from './once.ts'

/** By what was done. */
const sentences = {
  name: 'Your name is changed.',
  password: 'Your password is changed. Everywhere else you are signed out.',
  passwordAndKeys: 'Your password is changed, and your API keys are ended. Everywhere else you are signed out.',
  keyEnded: 'The key is ended.',
  email: 'Your e-mail address is changed.',
  recoveredAndKeys:
    'Your password is changed, your API keys are ended, and you are signed out everywhere. Sign in with the new one.',
  recovered: 'Your password is changed, and you are signed out everywhere. Sign in with the new one.',
} as const
export type Done = keyof typeof sentences

export interface Said {
  say(ctx: Context, done: Done): void
  /** @returns what is to be said on this page */
  take(ctx: Context): string | undefined
}

/** @param path of the pages that say it */
export function createSaid(path: string, settings: { development: boolean }): Said {
  const once = createOnce('signet_said', path, 60, settings)
  return {
    say: (ctx, done) => once.put(ctx, done),
    take(ctx) {
      const done = once.take(ctx)
      return done !== undefined && Object.hasOwn(sentences, done) ? sentences[done as Done] : undefined
    },
  }
}
