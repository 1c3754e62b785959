/** The kit in `node:http`: `const { protect, metadata } = node(api)`. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { type Answer, answerOf, metadataAnswer } from './answer.ts'
import type { Auth } from './auth.ts'
import type { JsonObject } from './compact.ts'
import type { Requirement } from './requirement.ts'
import type { ResourceServer } from './server.ts'

/** What `protect` leaves on the request. */
export interface Protected<S extends string = string, C extends object = JsonObject> {
  /** Who calls. Missing behind `optional: true` when no credentials were sent. */
  auth: Auth<S, C>
}

type Handler<R> = (request: R, response: ServerResponse) => unknown

export function node<S extends string, C extends object = JsonObject>(api: ResourceServer<S, C>) {
  return {
    /**
     * Wraps a handler: it is called for who meets the requirement, with `request.auth`; everyone else is answered. The body is not touched.
     * @throws TypeError at once for a requirement that cannot be
     */
    protect(
      requirement: Requirement<S> | undefined,
      handler: Handler<IncomingMessage & Protected<S, C>>,
    ): Handler<IncomingMessage> {
      const need = api.need(requirement)
      return async (request, response) => {
        const outcome = await api.check(request, need)
        if (!outcome.ok) return send(request, response, answerOf(outcome.refusal))
        return handler(Object.assign(request, { auth: outcome.auth as Auth<S, C> }), response)
      }
    },

    /** Serves the metadata document at its well-known path (RFC 9728 s3). @returns whether this was asked for, and is answered */
    metadata(): (request: IncomingMessage, response: ServerResponse) => boolean {
      return (request, response) => {
        const answer = metadataAnswer(api, request)
        if (answer) send(request, response, answer)
        return answer !== undefined
      }
    },
  }
}

function send(request: IncomingMessage, response: ServerResponse, { status, headers, body }: Answer): void {
  response.writeHead(status, { ...headers })
  response.end(request.method === 'HEAD' ? undefined : body)
}
