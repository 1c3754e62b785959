/** The kit in Hono: `const { protect, metadata } = hono(api)`. */
import type { Auth } from './auth.ts'
import type { JsonObject } from './compact.ts'
import { fetchMetadata, fetchRefusal } from './fetch.ts'
import type { Requirement } from './requirement.ts'
import type { ResourceServer } from './server.ts'

/** What `protect` leaves for the handlers after it: `new Hono<{ Variables: Protected<ScopeOf<typeof notes>> }>()`. */
export interface Protected<S extends string = string, C extends object = JsonObject> {
  /** Who calls. Missing behind `optional: true` when no credentials were sent. */
  auth: Auth<S, C>
}

/** What is used of a Hono context; Hono itself is not imported. */
interface Context<S extends string, C extends object> {
  readonly req: { readonly raw: Request }
  set(name: 'auth', auth: Auth<S, C>): void
}

type Middleware<S extends string, C extends object> = (
  context: Context<S, C>,
  next: () => Promise<void>,
) => Promise<Response | undefined>

export function hono<S extends string, C extends object = JsonObject>(api: ResourceServer<S, C>) {
  return {
    /** Lets pass who meets the requirement and puts them into `c.get('auth')`; answers everyone else. @throws TypeError at once for a requirement that cannot be */
    protect(requirement?: Requirement<S>): Middleware<S, C> {
      const need = api.need(requirement)
      return async (context, next) => {
        const outcome = await api.check(context.req.raw, need)
        if (!outcome.ok) return fetchRefusal(outcome.refusal)
        context.set('auth', outcome.auth as Auth<S, C>)
        await next()
        return undefined
      }
    },

    /** Serves the metadata document at its well-known path (RFC 9728 s3). */
    metadata(): (context: Pick<Context<S, C>, 'req'>, next: () => Promise<void>) => Promise<Response | undefined> {
      return async ({ req }, next) => {
        const answer = fetchMetadata(api, req.raw)
        if (!answer) await next()
        return answer
      }
    },
  }
}
