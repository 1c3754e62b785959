/** The kit in Express 4 and 5: `const { protect, metadata } = express(api)`. */
import { answerOf, metadataAnswer } from './answer.ts'
import type { Auth } from './auth.ts'
import type { JsonObject } from './compact.ts'
import type { RequestLike } from './credentials.ts'
import type { Requirement } from './requirement.ts'
import type { ResourceServer } from './server.ts'

/** What is used of Express; Express itself is not imported. */
export interface ExpressRequest extends RequestLike {
  /** Where a router is mounted `url` lacks the path of the mount. */
  readonly originalUrl: string
}

export interface ExpressResponse<Locals> {
  locals: Locals
  status(code: number): ExpressResponse<Locals>
  set(headers: Record<string, string>): ExpressResponse<Locals>
  end(body: string): unknown
}

type Middleware<Locals> = (request: ExpressRequest, response: ExpressResponse<Locals>, next: (error?: unknown) => void) => void

/** What `protect` leaves for the handlers after it, in `response.locals`. */
export interface Protected<S extends string = string, C extends object = JsonObject> {
  /** Who calls. Missing behind `optional: true` when no credentials were sent. */
  auth: Auth<S, C>
}

export function express<S extends string, C extends object = JsonObject>(api: ResourceServer<S, C>) {
  return {
    /** Lets pass who meets the requirement and puts them into `response.locals.auth`; answers everyone else. @throws TypeError at once for a requirement that cannot be */
    protect(requirement?: Requirement<S>): Middleware<Record<string, unknown> & Protected<S, C>> {
      const need = api.need(requirement)
      return (request, response, next) => {
        api.check(asked(request), need).then((outcome) => {
          if (outcome.ok) {
            response.locals.auth = outcome.auth as Auth<S, C>
            return next()
          }
          const { status, headers, body } = answerOf(outcome.refusal)
          response
            .status(status)
            .set({ ...headers })
            .end(body)
        }, next)
      }
    },

    /** Serves the metadata document at its well-known path (RFC 9728 s3). */
    metadata(): Middleware<Record<string, unknown>> {
      return (request, response, next) => {
        const answer = metadataAnswer(api, asked(request))
        if (!answer) return next()
        response
          .status(answer.status)
          .set({ ...answer.headers })
          .end(answer.body)
      }
    },
  }
}

export const asked = ({ method, originalUrl, headers, rawHeaders }: ExpressRequest): RequestLike => ({
  method,
  url: originalUrl,
  headers,
  ...(rawHeaders && { rawHeaders }),
})
