/**
 * Authorization codes that hold, sealed, what they are good for: `c1.<sealed>`. None is kept when it is issued; the first use of one inserts a
 * guard, and of two uses the second finds it and has the grant ended (RFC 6749 s4.1.2), whoever comes first. The guard is as durable as the row
 * of a code was. Whatever ends a grant ends its codes, since a code is redeemed for its grant alone.
 *
 * A code has some 650 characters then. One that would make its answer longer than clients may take is kept in a row, and is short.
 */
import { type Adapter, type AdapterPayload, errors, Provider } from 'oidc-provider'
import type { Clock } from '../../base/clock.ts'
import { createSealer } from '../../crypto/sealing.ts'
import type { Secrets } from '../../crypto/secrets.ts'
import type { ArtifactStore } from '../../store/store.ts'
import type { Rows } from './rows.ts'

export interface SealedCodeParts {
  secrets: Secrets
  store: ArtifactStore
  rows: Rows
  /** Ends what was issued under a grant, wherever it lies. @param grant its column, see `Rows.grantOf` */
  endGrant(grant: string): Promise<void>
  now: Clock
}

export interface SealedCodes {
  /** @param plain for codes that are kept in rows */
  adapter(plain: Adapter): Adapter
  /** @param beside characters that the client's own `state` adds to the answer. @returns undefined for what is to be kept in a row */
  seal(payload: AdapterPayload, beside?: number): string | undefined
}

const model = 'AuthorizationCode'
const mark = 'c1.'
const context = 'authorization-code/1'

/** Of code and state together: some servers of clients take a query of 2,048 characters (IIS, unless told otherwise). */
const longest = 1_600

/** What the library puts into a code, in the order of the format. A version that puts in more has its codes kept in rows. */
const members = [
  'jti',
  'iat',
  'exp',
  'clientId',
  'grantId',
  'accountId',
  'sessionUid',
  'expiresWithSession',
  'sid',
  'authTime',
  'acr',
  'amr',
  'scope',
  'resource',
  'nonce',
  'redirectUri',
  'codeChallenge',
  'codeChallengeMethod',
  'dpopJkt',
  'claims',
  'rar',
] as const
const known = new Set<string>([...members, 'kind'])

/** A guard is there a little longer than the code by another node's clock, which may clear it away. */
const aheadSeconds = 60

type Code = AdapterPayload & { jti: string; exp: number }

export function createSealedCodes({ secrets, store, rows, endGrant, now }: SealedCodeParts): SealedCodes {
  const sealer = createSealer(...secrets.keysFor('authorization-codes'))

  /** @returns undefined for what is no code of this kind, or none that was issued here */
  function opened(value: string): Code | undefined {
    if (!value.startsWith(mark)) return undefined
    try {
      const values = JSON.parse(sealer.open(value.slice(mark.length), context)) as unknown[]
      const there = members.flatMap((name, at) => (values[at] === null || values[at] === undefined ? [] : [[name, values[at]]]))
      return { kind: model, ...Object.fromEntries(there) }
    } catch {
      return undefined
    }
  }

  return {
    seal(payload, beside = 0) {
      if (!Object.keys(payload).every((name) => known.has(name))) return undefined
      const sealed = mark + sealer.seal(JSON.stringify(members.map((name) => payload[name] ?? null)), context)
      return sealed.length + beside > longest ? undefined : sealed
    },
    adapter: (plain) => ({
      ...plain,
      async find(value) {
        const code = opened(value)
        if (!code) return plain.find(value)
        const guard = await store.find(model, rows.idOf(code.jti))
        // By `jti` the library hands it to `consume`.
        return { ...code, jti: value, ...(guard && { consumed: guard.consumedAt ?? code.iat }) }
      },
      async consume(value) {
        const code = opened(value)
        if (!code) return plain.consume(value)
        const guard = rows.row(model, code.jti, {}, Math.max(0, code.exp - now()) + aheadSeconds)
        if (await store.insert({ ...guard, consumedAt: now() })) return
        await endGrant(rows.grantOf(String(code.grantId)))
        throw new errors.InvalidGrant('the authorization code was already used')
      },
    }),
  }
}

/** Rests on `getValueAndPayload` of its model: what comes without a payload the library does not store. */
export function sealCodes({ AuthorizationCode }: Provider, { seal }: SealedCodes): void {
  const prototype = AuthorizationCode.prototype as unknown as Issued
  const { getValueAndPayload } = prototype
  prototype.getValueAndPayload = async function () {
    const kept = await getValueAndPayload.call(this)
    const { state } = Provider.ctx?.oidc.params ?? {}
    const value = seal(kept.payload!, typeof state === 'string' ? encodeURIComponent(state).length : 0)
    return value === undefined ? kept : { value }
  }
}

interface Issued {
  getValueAndPayload(this: Issued): Promise<{ value: string; payload?: AdapterPayload }>
}
