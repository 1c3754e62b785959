/** The kit in Fastify: `const { protect, metadata } = fastify(api)`. */
import { answerOf, metadataAnswer } from './answer.ts'
import type { Auth } from './auth.ts'
import type { JsonObject } from './compact.ts'
import type { RequestLike } from './credentials.ts'
import type { Requirement } from './requirement.ts'
import type { ResourceServer } from './server.ts'

/** What is used of Fastify; Fastify itself is not imported. */
interface FastifyRequest {
  readonly raw: RequestLike
}

interface FastifyReply {
  code(status: number): FastifyReply
  headers(headers: Record<string, string>): FastifyReply
  send(body: string): FastifyReply
}

type Hook = (request: FastifyRequest, reply: FastifyReply) => Promise<unknown>

/** What `protect` leaves on the request: `declare module 'fastify' { interface FastifyRequest extends Protected<…> {} }`. */
export interface Protected<S extends string = string, C extends object = JsonObject> {
  /** Who calls. Missing behind `optional: true` when no credentials were sent. */
  auth: Auth<S, C>
}

export function fastify<S extends string, C extends object = JsonObject>(api: ResourceServer<S, C>) {
  return {
    /**
     * A hook for `onRequest`, before the body is read: lets pass who meets the requirement and puts them into `request.auth`; answers everyone else.
     * @throws TypeError at once for a requirement that cannot be
     */
    protect(requirement?: Requirement<S>): Hook {
      const need = api.need(requirement)
      return async (request, reply) => {
        const outcome = await api.check(request.raw, need)
        if (outcome.ok) return void Object.assign(request, { auth: outcome.auth })
        const { status, headers, body } = answerOf(outcome.refusal)
        return reply
          .code(status)
          .headers({ ...headers })
          .send(body)
      }
    },

    /** A hook for `onRequest` of the whole application: serves the metadata document at its well-known path (RFC 9728 s3). */
    metadata(): Hook {
      return async (request, reply) => {
        const answer = metadataAnswer(api, request.raw)
        if (answer)
          return reply
            .code(answer.status)
            .headers({ ...answer.headers })
            .send(answer.body)
      }
    },
  }
}
