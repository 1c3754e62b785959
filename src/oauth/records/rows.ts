/**
 * How the library's records lie in the store: the only code that knows that bearer values are kept as digests and payloads sealed.
 * What is no secret stands beside the payload in plain columns.
 */
import type { AdapterPayload } from 'oidc-provider'
import type { Clock } from '../../base/clock.ts'
import { digest, keyedDigest } from '../../crypto/derive.ts'
import { createNamedSealer } from '../../crypto/sealing.ts'
import type { Secrets } from '../../crypto/secrets.ts'
import type { Artifact } from '../../store/store.ts'

export interface Rows {
  /** The column by which a record is found again. @param value what its bearer holds */
  idOf(value: string): string
  /** By each secret that is given: a code goes on over a new one. */
  userCodesOf(code: string): string[]
  /** The column by which everything of one grant is found. */
  grantOf(grantId: string): string
  /** @param lifetimeSeconds from now; without it the payload's own `exp` counts */
  row(model: string, value: string, payload: AdapterPayload, lifetimeSeconds: number | undefined): Artifact
  /** @returns the payload, with `consumed` when the row was used. @throws Refusal `unreadable` when it was altered or moved */
  open(artifact: Artifact | undefined): AdapterPayload | undefined
  /** @returns the payload sealed by the newest secret; undefined when it is already. @throws Refusal `unreadable` */
  renewed(artifact: Artifact): string | undefined
}

export function createRows(secrets: Secrets, now: Clock): Rows {
  const sealer = createNamedSealer(secrets, 'store/artifacts')
  // Codes that people type are too short for a plain digest.
  const userCodeKeys = secrets.keysFor('store/user-codes')
  const context = (model: string, id: string) => `${model}:${id}`

  return {
    idOf: digest,
    userCodesOf: (code) => userCodeKeys.map((key) => keyedDigest(key, code)),
    grantOf: digest,
    row(model, value, payload, lifetimeSeconds) {
      const id = digest(value)
      return {
        model,
        id,
        payload: sealer.seal(JSON.stringify(payload), context(model, id)),
        // Whole seconds, as every time in the store; what a client's own `exp` brings may have a fraction.
        expiresAt: Math.ceil(lifetimeSeconds === undefined ? (payload.exp ?? now()) : now() + lifetimeSeconds),
        userCode: payload.userCode ? keyedDigest(userCodeKeys[0], payload.userCode) : undefined,
        account: payload.accountId ?? payload.result?.login?.accountId ?? payload.lastSubmission?.login?.accountId,
        client: payload.clientId,
        grant: grantColumn(model, id, payload),
      }
    },
    open(artifact) {
      if (!artifact) return undefined
      const payload = JSON.parse(sealer.open(artifact.payload, context(artifact.model, artifact.id))) as AdapterPayload
      return artifact.consumedAt === undefined ? payload : { ...payload, consumed: artifact.consumedAt }
    },
    renewed: ({ model, id, payload }) => sealer.renewed(payload, context(model, id)),
  }
}

/** A grant hangs on itself, so that whatever ends it takes it along. A sign-in under way only mentions one, and outlives it. */
function grantColumn(model: string, id: string, { grantId }: AdapterPayload): string | undefined {
  if (model === 'Grant') return id
  return model === 'Interaction' || !grantId ? undefined : digest(grantId)
}
