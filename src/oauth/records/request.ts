/** The request that is being answered, for adapters that keep a record with its browser. */
import { AsyncLocalStorage } from 'node:async_hooks'
import type { Context, Next } from 'koa'
import { Provider } from 'oidc-provider'

const onRoutesOfOurs = new AsyncLocalStorage<Context>()

/** Koa middleware for routes that are not the library's and on which its records are asked for. */
export const withinRequest = (ctx: Context, next: Next): Promise<unknown> => onRoutesOfOurs.run(ctx, next)

/** @throws TypeError outside of any: a mistake of ours */
export function requestAtHand(): Context {
  const ctx = (Provider.ctx as Context | undefined) ?? onRoutesOfOurs.getStore()
  if (!ctx) throw new TypeError('a record that its browser keeps was asked for outside of a request')
  return ctx
}
