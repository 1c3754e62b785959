/**
 * Which access tokens live: what their signature says, and what happened since they were signed. One answer for everybody who asks:
 * userinfo, introspection, revocation and token exchange.
 */
import type { AdapterPayload } from 'oidc-provider'
import type { Account, ApiKeyRow } from '../../store/store.ts'
import type { Revocations } from '../../tokens/revocation.ts'
import type { ProviderParts } from '../parts.ts'
import { type AccessTokenClaims, createAccessTokenReader } from './access-tokens.ts'
import type { EncryptedTokens } from './encrypted-tokens.ts'

export interface LivingToken {
  claims: AccessTokenClaims
  /** Whose token it is. A machine's has nobody. `claims.sub` is no account's id where the client knows people by pairwise subjects. */
  account?: Account
  /** The API key behind it: itself one, or got in exchange for it. */
  key?: Pick<ApiKeyRow, 'audience' | 'scopes'>
}

export interface LivingTokens {
  /**
   * Validates: all that `AccessTokenReader` does, that no client which the token names was removed, that no sentence of revocation is about the token,
   * that no backup was restored since it was issued, that
   * its grant lives, or the API key that it was got for, and that its person may still be signed in since then. Does NOT validate: the audience, the scope, nor a proof of the
   * key that the token is bound to.
   */
  find(token: string): Promise<LivingToken | undefined>
}

/** What else knows of tokens: how the encrypted ones are opened, and what was revoked. */
export interface TokenParts {
  encrypted: EncryptedTokens
  revocations: Revocations
}

/** @param findGrant by its id; one that ended is not found */
export function createLivingTokens(
  {
    settings,
    ring,
    store,
    accounts,
    clients,
    apiKeys,
    now,
  }: Pick<ProviderParts, 'settings' | 'ring' | 'store' | 'accounts' | 'clients' | 'apiKeys' | 'now'>,
  { encrypted, revocations }: TokenParts,
  findGrant: (id: string) => Promise<{ accountId?: string } | undefined>,
): LivingTokens {
  const reader = createAccessTokenReader({ ring, issuer: settings.issuer, encrypted, now })

  async function areRegistered(ids: Iterable<string>): Promise<boolean> {
    for (const id of ids) if (!(await clients.find(id))) return false
    return true
  }

  return {
    async find(token) {
      const claims = await reader.read(token)
      if (!claims || !(await areRegistered(clientsOf(claims)))) return undefined
      if (claims.iat <= ((await store.lineage.current())?.beganAt ?? 0)) return undefined
      if (await revocations.isRevoked(claims)) return undefined
      if (claims.grant === undefined) return { claims }
      const grant = await findGrant(claims.grant)
      if (!grant) {
        // What was got for an API key hangs on that, and is good as long as the key is, whenever its person signed in.
        const behind = await apiKeys.behind(claims.grant)
        return behind && { claims, ...behind }
      }
      const account = await accounts.findSignedIn(grant.accountId ?? '', claims.auth_time ?? claims.iat)
      return account && { claims, account }
    },
  }
}

/** Whether revoking the token ends its grant: it was issued to the client of the grant, not to one that exchanged it for its own. */
export const hangsOnGrant = (claims: AccessTokenClaims): claims is AccessTokenClaims & { grant: string } =>
  claims.grant !== undefined && claims.act === undefined

/** Every client that the token names: whom it was issued to, who acts for whom, and a machine in whose name it is. */
function clientsOf({ client_id: client, sub, grant, act }: AccessTokenClaims): Set<string> {
  const named = new Set([client])
  if (grant === undefined) named.add(sub)
  for (let actor = act; actor; actor = actor.act) named.add(actor.sub)
  return named
}

/**
 * A living token as the library expects to find one stored, to answer userinfo. The audience is left out of what it is shown, because the
 * library takes a token with one for somebody else's: the issuer is where all of them come from. It demands the proof of what the token is
 * bound to itself (RFC 9449 s7, RFC 8705 s3).
 */
export function storedAccessToken(living: LivingToken | undefined): AdapterPayload | undefined {
  if (!living?.account) return undefined
  const { claims, account } = living
  const { jkt, 'x5t#S256': x5t, ...unknown } = claims.cnf ?? {}
  if (Object.keys(unknown).length > 0) return undefined
  return {
    kind: 'AccessToken',
    jti: claims.jti,
    iat: claims.iat,
    exp: claims.exp,
    accountId: account.id,
    clientId: claims.client_id,
    grantId: claims.grant,
    scope: claims.scope,
    claims: { userinfo: Object.fromEntries((claims.userinfo_claims ?? []).map((name) => [name, null])) },
    ...(jkt !== undefined && { jkt }),
    ...(x5t !== undefined && { 'x5t#S256': x5t }),
  } as AdapterPayload
}
