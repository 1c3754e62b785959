/**
 * Refresh tokens as families, between the library's hooks. It asks a synchronous function for a token's lifetime before it gives the token
 * an id of its own (models/base_token.js, base_model.js): there the token is named. What naming needs is known to the adapter, which found
 * the predecessor; it travels with the request. That a lifetime function may name a token is undocumented, `test/flows/refresh.test.ts` holds it.
 */
import { type Adapter, errors, type KoaContextWithOIDC, Provider, type RefreshToken } from 'oidc-provider'
import { isPastItsEnd, type Lifetime, remainingSeconds } from '../records/lifetimes.ts'
import { createFamilies, type Family, type FamilyParts } from './families.ts'
import { newFamily, newSeed, readRefreshToken, refreshToken } from './value.ts'

export interface RefreshTokenParts extends FamilyParts {
  lifetime: Lifetime
}

export interface RefreshTokens {
  /** For the model RefreshToken. */
  adapter: Adapter
  /** For `ttl.RefreshToken`: names the token that is about to be saved, and says how long it may lie unused. */
  lifetimeSeconds(ctx: KoaContextWithOIDC, token: RefreshToken): number
  /** For `rotateRefreshToken`. What is not rotated lives on by its use, which is noted before the answer. */
  rotates(ctx: KoaContextWithOIDC): Promise<boolean>
}

/** What a request knows of the family whose token it refreshes or begins. */
type Known = { id: string; seed: string; family?: Family }

/** A use is worth a write when it gains a tenth of the idle lifetime. */
const worthWriting = 10

export function createRefreshTokens({ lifetime, ...parts }: RefreshTokenParts): RefreshTokens {
  const { now, rows, endGrant } = parts
  const families = createFamilies(parts)
  const requests = new WeakMap<object, Known>()

  function known(ctx: KoaContextWithOIDC | undefined, id: string | undefined): Known {
    const one = ctx && requests.get(ctx)
    if (!one || one.id !== id) throw new TypeError('a refresh token outside of the request that found or named it')
    return one
  }

  function note(request: Known): Known {
    if (Provider.ctx) requests.set(Provider.ctx, request)
    return request
  }

  const began = ({ iiat }: { iiat?: number | undefined }) => iiat ?? now()

  const adapter: Adapter = {
    async find(value) {
      const found = await families.find(value)
      if (!found) return undefined
      const { family, isGood } = found
      if (isPastItsEnd(lifetime, began(family.payload), now())) return undefined
      note({ id: family.id, seed: family.seed, family })
      // `consumed` is what makes the library end the grant.
      return { ...family.payload, jti: value, exp: family.row.expiresAt, ...(!isGood && { consumed: family.rotatedAt }) }
    },
    async upsert(value, payload) {
      const member = readRefreshToken(value)
      const { id, seed, family } = known(Provider.ctx, member?.family)
      if (family) await families.advance(family, member!, payload)
      else await families.begin(id, seed, payload)
    },
    // The rotation itself, in `upsert`, is what happens once.
    consume: async () => {},
    async destroy(value) {
      const member = readRefreshToken(value)
      if (member) await families.remove(member.family)
    },
    async revokeByGrantId(grantId) {
      await endGrant(rows.grantOf(grantId))
    },
    findByUid: async () => undefined,
    findByUserCode: async () => undefined,
  }

  function name(ctx: KoaContextWithOIDC): string {
    const rotated = ctx.oidc.entities.RotatedRefreshToken?.jti
    if (rotated === undefined) {
      const { id, seed } = note({ id: newFamily(), seed: newSeed() })
      return refreshToken(seed, { family: id, generation: 0 })
    }
    const { family, generation } = readRefreshToken(rotated)!
    return refreshToken(known(ctx, family).seed, { family, generation: generation + 1 })
  }

  return {
    adapter,
    lifetimeSeconds(ctx, token) {
      token.jti ||= name(ctx)
      return remainingSeconds(lifetime, began(token), now())
    },
    async rotates(ctx) {
      const { client, entities } = ctx.oidc
      const token = entities.RefreshToken!
      // RFC 9700 s4.14.2: rotated, unless it is bound to a key or the client is authenticated at each use (FAPI 2.0 s5.3.2.1 wants it so).
      if (client?.clientAuthMethod === 'none' && !token.isSenderConstrained()) return true
      const { family } = known(ctx, readRefreshToken(token.jti)?.family)
      if (!family) throw new errors.InvalidGrant('refresh token not found')
      const end = now() + remainingSeconds(lifetime, began(token), now())
      const gained = end - family.row.expiresAt
      if (gained * worthWriting > lifetime.idleSeconds) await families.extend(family, end)
      return false
    },
  }
}
