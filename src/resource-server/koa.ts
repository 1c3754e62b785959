/** The kit in Koa: `const { protect, metadata } = koa(api)`. */
import { answerOf, metadataAnswer } from './answer.ts'
import type { Auth } from './auth.ts'
import type { JsonObject } from './compact.ts'
import type { RequestLike } from './credentials.ts'
import type { Requirement } from './requirement.ts'
import type { ResourceServer } from './server.ts'

/** What is used of a Koa context; Koa itself is not imported. */
interface Context<State> {
  readonly req: RequestLike
  readonly method: string
  readonly path: string
  state: State
  status: number
  body: unknown
  set(headers: Record<string, string>): void
}

type Middleware<State> = (ctx: Context<State>, next: () => Promise<unknown>) => Promise<unknown>

/** What `protect` leaves for the handlers after it: `new Router<Protected<ScopeOf<typeof notes>>>()`, or `Protected` alone. */
export interface Protected<S extends string = string, C extends object = JsonObject> {
  /** Who calls. Missing behind `optional: true` when no credentials were sent. */
  auth: Auth<S, C>
}

export function koa<S extends string, C extends object>(api: ResourceServer<S, C>) {
  return {
    /** Lets pass who meets the requirement and puts them into `ctx.state.auth`; answers everyone else. @throws TypeError at once for a requirement that cannot be */
    protect(requirement?: Requirement<S>): Middleware<Partial<Protected<S, C>>> {
      const need = api.need(requirement)
      return async (ctx, next) => {
        const outcome = await api.check(ctx.req, need)
        if (outcome.ok) {
          ctx.state.auth = outcome.auth
          return next()
        }
        const { status, headers, body } = answerOf(outcome.refusal)
        ctx.status = status
        ctx.body = body
        ctx.set({ ...headers })
      }
    },

    /** Serves the metadata document at its well-known path (RFC 9728 s3). */
    metadata(): Middleware<unknown> {
      return async (ctx, next) => {
        const answer = metadataAnswer(api, { method: ctx.method, url: ctx.path })
        if (!answer) return next()
        ctx.set({ ...answer.headers })
        ctx.body = answer.body
      }
    },
  }
}
