/** The kit for servers of the Model Context Protocol: `const { protect, metadata, verifier } = mcp(api)`. */
import { answerOf } from './answer.ts'
import type { Auth } from './auth.ts'
import type { JsonObject } from './compact.ts'
import { credentialsOf } from './credentials.ts'
import { BearerError } from './errors.ts'
import { asked, type ExpressRequest, type ExpressResponse, express } from './express.ts'
import type { Requirement } from './requirement.ts'
import type { ResourceServer } from './server.ts'

/** `AuthInfo` of @modelcontextprotocol/sdk, which is not imported: what tools find as `extra.authInfo`. */
export interface AuthInfo<S extends string = string, C extends object = JsonObject> {
  token: string
  clientId: string
  scopes: string[]
  expiresAt: number
  resource: URL
  /** Who calls, as every other adapter says it. */
  extra: { auth: Auth<S, C> }
}

type McpRequest = ExpressRequest & { auth?: unknown }

type Middleware = (
  request: McpRequest,
  response: ExpressResponse<Record<string, unknown>>,
  next: (error?: unknown) => void,
) => void

export function mcp<S extends string, C extends object = JsonObject>(api: ResourceServer<S, C>) {
  const infoOf = (token: string, auth: Auth<S, C>): AuthInfo<S, C> => ({
    token,
    clientId: auth.clientId,
    scopes: [...auth.scopes],
    expiresAt: auth.expiresAt,
    resource: new URL(api.metadata().resource),
    extra: { auth },
  })

  return {
    /**
     * For Express, in place of the SDK's `requireBearerAuth`: puts `request.auth` where the SDK's transports look for it; answers everyone else.
     * @throws TypeError at once for a requirement that cannot be
     */
    protect(requirement?: Requirement<S>): Middleware {
      const need = api.need(requirement)
      return (request, response, next) => {
        api.check(asked(request), need).then((outcome) => {
          if (!outcome.ok) {
            const { status, headers, body } = answerOf(outcome.refusal)
            return response
              .status(status)
              .set({ ...headers })
              .end(body)
          }
          const token = outcome.auth && credentialsOf(asked(request), ['Bearer', 'DPoP'])?.token
          if (outcome.auth && token) request.auth = infoOf(token, outcome.auth)
          return next()
        }, next)
      }
    },

    /** Serves the metadata document at its well-known path (RFC 9728 s3), for Express. */
    metadata: express(api).metadata,

    /**
     * An `OAuthTokenVerifier` for the SDK's own `requireBearerAuth`, which then checks scopes and writes the answers: less of them than `protect`
     * (no `Cache-Control`, no 503, two headers are read as one).
     * @param errors the SDK's `server/auth/errors.js`: it knows its own errors alone, and answers 500 for any other
     */
    verifier(errors: { InvalidTokenError: new (message: string) => Error }) {
      return {
        async verifyAccessToken(token: string): Promise<AuthInfo<S, C> & { extra: Record<string, unknown> }> {
          try {
            return infoOf(token, await api.verify(token))
          } catch (error) {
            // Keys that cannot be had stay an error of the server: a 401 would make the client throw its token away.
            if (error instanceof BearerError && error.status === 401) throw new errors.InvalidTokenError(error.message)
            throw error
          }
        },
      }
    },
  }
}
