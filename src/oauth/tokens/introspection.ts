/** What an access token is worth, said to whoever may know: RFC 7662, and signed by RFC 9701. */
import { errors, type KoaContextWithOIDC } from 'oidc-provider'
import { sameIdentifier } from '../../settings/uri.ts'
import type { OurClient } from '../clients/our-client.ts'
import type { AccessTokenClaims } from './access-tokens.ts'
import { isEncrypted } from './encrypted-tokens.ts'
import type { LivingToken } from './living-tokens.ts'

const signedType = 'application/token-introspection+jwt'

/** RFC 7662 s2.2 and RFC 9068 s2.2. `grant` is ours alone. */
const forTheApi = [
  'iss',
  'sub',
  'aud',
  'client_id',
  'scope',
  'iat',
  'exp',
  'jti',
  'auth_time',
  'acr',
  'amr',
  'sid',
  'roles',
  'authorization_details',
  'cnf',
  'act',
] as const
/** An encrypted token is for its API's eyes: its own client learns what the token response told it, and no more. */
const forAClientThatCannotReadIt = ['iss', 'client_id', 'scope', 'iat', 'exp'] as const

/** What is asked about, each with what finds it if it lives. */
type Asked = 'access_token' | 'api_key'

/**
 * RFC 7662 s4: whoever may not ask is told what is told of a token that does not exist. Of an API key `token_type` says that it is one, so that an
 * API which means to take tokens alone does not take it for one by mistake.
 * @throws errors.InvalidRequest where the client's answers are encrypted and it asks for one in clear
 */
export async function answerIntrospection(
  ctx: KoaContextWithOIDC,
  what: Asked,
  find: (token: string) => Promise<LivingToken | undefined>,
): Promise<void> {
  const client = ctx.oidc.client as OurClient
  const signed = ctx.accepts('json', signedType) === signedType
  if (client.introspectionEncryptedResponseAlg && !signed) {
    throw new errors.InvalidRequest(`introspection must be requested with Accept: ${signedType} for this client`)
  }
  const token = String(ctx.oidc.params?.token)
  const answer = answerAbout({ what, isHidden: isEncrypted(token), claims: (await find(token))?.claims }, client)
  ctx.status = 200
  ctx.body = signed ? await signedAnswer(ctx, answer) : answer
  ctx.type = signed ? signedType : 'json'
}

interface Found {
  what: Asked
  /** Whether its own client cannot read it. */
  isHidden: boolean
  claims: AccessTokenClaims | undefined
}

function answerAbout({ what, isHidden, claims }: Found, client: OurClient): Record<string, unknown> {
  const serves = claims !== undefined && isServedBy(claims, client)
  if (!claims || !(serves || claims.client_id === client.clientId)) return { active: false }
  const members = isHidden && !serves ? forAClientThatCannotReadIt : forTheApi
  const said = members.filter((name) => claims[name] !== undefined).map((name) => [name, claims[name]])
  const bearing = claims.cnf?.jkt === undefined ? 'Bearer' : 'DPoP'
  return { active: true, token_type: what === 'api_key' ? 'api_key' : bearing, ...Object.fromEntries(said) }
}

/** Whether the client is the API that the token is for. */
export function isServedBy({ aud }: Pick<AccessTokenClaims, 'aud'>, { serves = [] }: Pick<OurClient, 'serves'>): boolean {
  return serves.some((identifier) => sameIdentifier(identifier) === sameIdentifier(aud))
}

/** RFC 9701 s5, by the library's own signer: `iss`, `aud` (who asks), `iat`, and encrypted where the client registered for that. */
function signedAnswer(ctx: KoaContextWithOIDC, answer: Record<string, unknown>): Promise<string> {
  const jwt = new ctx.oidc.provider.IdToken({}, { ctx })
  jwt.set('token_introspection', answer)
  return jwt.issue({ use: 'introspection' })
}
