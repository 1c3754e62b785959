/** The kit where a handler takes a `Request` and gives a `Response` (Deno, Bun, workers, Next.js): `const { protect, metadata } = fetchHandlers(api)`. */
import { answerOf, metadataAnswer } from './answer.ts'
import type { Auth } from './auth.ts'
import type { Refusal } from './challenge.ts'
import type { JsonObject } from './compact.ts'
import type { Requirement } from './requirement.ts'
import type { ResourceServer } from './server.ts'

type Handler<More extends unknown[]> = (request: Request, ...more: More) => Response | Promise<Response>

export function fetchHandlers<S extends string, C extends object = JsonObject>(api: ResourceServer<S, C>) {
  return {
    /**
     * Wraps a handler: it is called for who meets the requirement, with who that is after the request; everyone else is answered. Behind
     * `optional: true` it is `undefined` when no credentials were sent. The body is not touched.
     * @throws TypeError at once for a requirement that cannot be
     */
    protect<More extends unknown[]>(
      requirement: Requirement<S> | undefined,
      handler: (request: Request, auth: Auth<S, C>, ...more: More) => Response | Promise<Response>,
    ): Handler<More> {
      const need = api.need(requirement)
      return async (request, ...more) => {
        const outcome = await api.check(request, need)
        return outcome.ok ? handler(request, outcome.auth as Auth<S, C>, ...more) : fetchRefusal(outcome.refusal)
      }
    },

    /** @returns the metadata document (RFC 9728 s3) for a request that asks for it, and nothing for every other */
    metadata(): (request: Request) => Response | undefined {
      return (request) => fetchMetadata(api, request)
    },
  }
}

export function fetchRefusal(refusal: Refusal): Response {
  const { status, headers, body } = answerOf(refusal)
  return new Response(body, { status, headers })
}

export function fetchMetadata(api: Parameters<typeof metadataAnswer>[0], request: Request): Response | undefined {
  const answer = metadataAnswer(api, request)
  return answer && new Response(request.method === 'HEAD' ? null : answer.body, { headers: answer.headers })
}
