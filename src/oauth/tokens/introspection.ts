/** What an access token is worth, said to whoever may know: RFC 7662, and signed by RFC 9701. */
import { errors, type KoaContextWithOIDC } from 'oidc-provider'
import { sameIdentifier } from '../../settings/uri.ts'
import type { OurClient } from '../clients/our-client.ts'
import type { AccessTokenClaims } from './access-tokens.ts'
import { isEncrypted } from './encrypted-tokens.ts'
import type { LivingTokens } from './living-tokens.ts'

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

/**
 * RFC 7662 s4: whoever may not ask is told what is told of a token that does not exist.
 * @throws errors.InvalidRequest where the client's answers are encrypted and it asks for one in clear
 */
export async function answerIntrospection(ctx: KoaContextWithOIDC, living: LivingTokens): Promise<void> {
  const client = ctx.oidc.client as OurClient
  const signed = ctx.accepts('json', signedType) === signedType
  if (client.introspectionEncryptedResponseAlg && !signed) {
    throw new errors.InvalidRequest(`introspection must be requested with Accept: ${signedType} for this client`)
  }
  const answer = await answerAbout(String(ctx.oidc.params?.token), client, living)
  ctx.status = 200
  ctx.body = signed ? await signedAnswer(ctx, answer) : answer
  ctx.type = signed ? signedType : 'json'
}

async function answerAbout(token: string, client: OurClient, living: LivingTokens): Promise<Record<string, unknown>> {
  const claims = (await living.find(token))?.claims
  const serves = claims !== undefined && isServedBy(claims, client)
  if (!claims || !(serves || claims.client_id === client.clientId)) return { active: false }
  const members = isEncrypted(token) && !serves ? forAClientThatCannotReadIt : forTheApi
  const said = members.filter((name) => claims[name] !== undefined).map((name) => [name, claims[name]])
  return { active: true, token_type: claims.cnf?.jkt === undefined ? 'Bearer' : 'DPoP', ...Object.fromEntries(said) }
}

/** Whether the client is the API that the token is for. */
export function isServedBy({ aud }: AccessTokenClaims, { serves = [] }: Pick<OurClient, 'serves'>): boolean {
  return serves.some((identifier) => sameIdentifier(identifier) === sameIdentifier(aud))
}

/** RFC 9701 s5, by the library's own signer: `iss`, `aud` (who asks), `iat`, and encrypted where the client registered for that. */
function signedAnswer(ctx: KoaContextWithOIDC, answer: Record<string, unknown>): Promise<string> {
  const jwt = new ctx.oidc.provider.IdToken({}, { ctx })
  jwt.set('token_introspection', answer)
  return jwt.issue({ use: 'introspection' })
}
