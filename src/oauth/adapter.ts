/**
 * What oidc-provider asks of a database, answered by the store. The only code that knows that bearer values are kept as digests and
 * payloads sealed. Two promises that the library leaves to its adapter are kept here: a code or a rotated refresh token is used once,
 * whoever else tries at the same moment; and whoever loses that race has its grant ended, since thief and owner cannot be told apart.
 */
import { type Adapter, type AdapterPayload, errors, Provider } from 'oidc-provider'
import type { Clock } from '../base/clock.ts'
import { Refusal } from '../base/errors.ts'
import { digest, keyedDigest } from '../crypto/derive.ts'
import type { Sealer } from '../crypto/sealing.ts'
import type { Artifact, ArtifactStore } from '../store/store.ts'

/** How a record of one model is kept. */
export interface ArtifactParts {
  store: ArtifactStore
  /** Ends what was issued under a grant, wherever it lies. @param grant its column, see `grantColumn` */
  endGrant(grant: string): Promise<void>
  sealer: Sealer
  /** For the codes that people type: too short for a plain digest. */
  userCodeKey: Buffer
  now: Clock
}

/** The id that the session of this request had, once it has been given another. Not in the library's types. */
const rotatedFrom = () => (Provider.ctx?.oidc.session as { oldId?: string } | undefined)?.oldId

/** Longer than a request can take (`requestTimeout` in main.ts is 30 seconds). */
const stoneSeconds = 300

/** The column by which everything of one grant is found. */
const grantColumn = (grantId: string): string => digest(grantId)

export function artifactAdapter(model: string, { store, endGrant, sealer, userCodeKey, now }: ArtifactParts): Adapter {
  const context = (id: string) => `${model}:${id}`

  const opened = (artifact: Artifact | undefined): AdapterPayload | undefined => {
    if (!artifact || isBuried(artifact)) return undefined
    const payload = JSON.parse(sealer.open(artifact.payload, context(artifact.id))) as AdapterPayload
    return artifact.consumedAt === undefined ? payload : { ...payload, consumed: artifact.consumedAt }
  }

  const row = (id: string, payload: AdapterPayload, lifetimeSeconds: number | undefined): Artifact => ({
    model,
    id,
    payload: sealer.seal(JSON.stringify(payload), context(id)),
    expiresAt: lifetimeSeconds === undefined ? (payload.exp ?? now()) : now() + lifetimeSeconds,
    uid: model === 'Session' && payload.uid ? digest(payload.uid) : undefined,
    userCode: payload.userCode ? keyedDigest(userCodeKey, payload.userCode) : undefined,
    account: payload.accountId ?? payload.result?.login?.accountId ?? payload.lastSubmission?.login?.accountId,
    client: payload.clientId,
    grant: grantOf(id, payload),
  })

  /** A grant hangs on itself, so that whatever ends it takes it along. A sign-in under way only mentions one, and outlives it. */
  function grantOf(id: string, { grantId }: AdapterPayload): string | undefined {
    if (model === 'Grant') return id
    return model === 'Interaction' || !grantId ? undefined : grantColumn(grantId)
  }

  const isBuried = (artifact: Artifact | undefined) => model === 'Session' && artifact?.consumedAt !== undefined

  /**
   * A session that ended leaves a stone for as long as a request may last. The library reads a session when a request begins and saves it
   * when it ends, so that without one a request held open over a sign-out brings the session back. A session that goes on under a new id
   * after it was ended under the old one is refused.
   */
  async function bury(value: string): Promise<void> {
    const id = digest(value)
    if (await store.consume(model, id)) {
      await store.put({ model, id, payload: sealer.seal('{}', context(id)), expiresAt: now() + stoneSeconds })
    } else if (rotatedFrom() === value && isBuried(await store.find(model, id))) {
      throw new errors.SessionNotFound('the session has ended')
    }
  }

  async function refuseSecondUse(id: string): Promise<never> {
    const grant = (await store.find(model, id))?.grant
    // RFC 6749 s4.1.2 and RFC 9700 s4.14.2: what was issued from it is revoked.
    if (grant) await endGrant(grant)
    throw new errors.InvalidGrant(`${model} was already used`)
  }

  return {
    async upsert(value, payload, lifetimeSeconds) {
      const artifact = row(digest(value), payload, lifetimeSeconds)
      if (model === 'Session' && isBuried(await store.find(model, artifact.id))) return
      if (model !== 'ReplayDetection') return store.put(artifact)
      if (!(await store.insert(artifact))) throw new errors.InvalidGrant('the assertion was already used')
    },
    find: async (value) => opened(await store.find(model, digest(value))),
    findByUid: async (uid) => opened(await store.findByUid(model, digest(uid))),
    findByUserCode: async (code) => opened(await store.findByUserCode(model, keyedDigest(userCodeKey, code))),
    async consume(value) {
      const id = digest(value)
      if (!(await store.consume(model, id))) await refuseSecondUse(id)
    },
    destroy: (value) => (model === 'Session' ? bury(value) : store.remove(model, digest(value))),
    async revokeByGrantId(grantId) {
      await endGrant(grantColumn(grantId))
    },
  }
}

/** For what is found elsewhere and never kept by the library: clients, and access tokens, whose look-up is a verification. */
export function lookUpOnly(find: (id: string) => Promise<AdapterPayload | undefined>): Adapter {
  const neverKept = async (): Promise<never> => {
    throw new TypeError('a client or an access token was about to be stored: every API must issue JWTs')
  }
  return {
    find,
    findByUid: async () => undefined,
    findByUserCode: async () => undefined,
    upsert: neverKept,
    consume: neverKept,
    destroy: neverKept,
    revokeByGrantId: async () => {},
  }
}

/** A store that cannot answer is 503 to whoever asked, not the library's "oops" (RFC 6749 has no such code for the token endpoint; s4.1.2.1 has). */
export function saysUnavailable<A extends unknown[], R>(call: (...args: A) => Promise<R>): (...args: A) => Promise<R> {
  return async (...args) => {
    try {
      return await call(...args)
    } catch (cause) {
      throw cause instanceof Refusal && cause.status === 503 ? unavailable(cause) : cause
    }
  }
}

export function withRefusalsSaid(adapter: Adapter): Adapter {
  return {
    upsert: saysUnavailable(adapter.upsert),
    find: saysUnavailable(adapter.find),
    findByUid: saysUnavailable(adapter.findByUid),
    findByUserCode: saysUnavailable(adapter.findByUserCode),
    consume: saysUnavailable(adapter.consume),
    destroy: saysUnavailable(adapter.destroy),
    revokeByGrantId: saysUnavailable(adapter.revokeByGrantId),
  }
}

function unavailable(refusal: Refusal): Error {
  const error = new errors.CustomOIDCProviderError('temporarily_unavailable', refusal.message)
  return Object.assign(error, { status: 503, statusCode: 503, retryAfterSeconds: refusal.retryAfterSeconds ?? 1, cause: refusal })
}
