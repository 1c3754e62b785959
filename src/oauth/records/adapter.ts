/**
 * What oidc-provider asks of a database, answered by the store. Two promises that the library leaves to its adapter are kept here: a code
 * is used once, whoever else tries at the same moment; and whoever loses that race has its grant ended, since thief and owner cannot be
 * told apart. Sessions and refresh tokens go on instead of being used up, and have adapters of their own.
 */
import { type Adapter, type AdapterPayload, errors } from 'oidc-provider'
import type { ArtifactStore } from '../../store/store.ts'
import { unusableRequestUri } from './pushed-requests.ts'
import type { Rows } from './rows.ts'

/** How a record of one model is kept. */
export interface ArtifactParts {
  store: ArtifactStore
  /** Ends what was issued under a grant, wherever it lies. @param grant its column, see `Rows.grantOf` */
  endGrant(grant: string): Promise<void>
  rows: Rows
}

/** Guards of clients that authenticate are counted apart in the store, where what strangers fill cannot stop them (`replays.ts`). */
export const guards = { ofClients: 'ReplayDetection', ofAnybody: 'AnybodysReplayDetection' } as const

/** A replay guard that found its value taken; what that means is for whoever asked to say (`replays.ts`). */
export class SeenBefore extends errors.InvalidGrant {}

export function artifactAdapter(model: string, { store, endGrant, rows }: ArtifactParts): Adapter {
  const isGuard = Object.values<string>(guards).includes(model)

  async function refuseSecondUse(id: string): Promise<never> {
    const grant = (await store.find(model, id))?.grant
    // RFC 6749 s4.1.2: what was issued from it is revoked.
    if (grant) await endGrant(grant)
    throw usedBefore(model)
  }

  return {
    async upsert(value, payload, lifetimeSeconds) {
      const row = rows.row(model, value, payload, lifetimeSeconds)
      if (!isGuard) return store.put(row)
      if (!(await store.insert(row))) throw new SeenBefore('was already used')
    },
    find: async (value) => rows.open(await store.find(model, rows.idOf(value))),
    // Sessions alone have one (`session-adapter.ts`).
    findByUid: async () => undefined,
    async findByUserCode(code) {
      for (const userCode of rows.userCodesOf(code)) {
        const found = await store.findByUserCode(model, userCode)
        if (found) return rows.open(found)
      }
    },
    async consume(value) {
      const id = rows.idOf(value)
      if (!(await store.consume(model, id))) await refuseSecondUse(id)
    },
    destroy: (value) => store.remove(model, rows.idOf(value)),
    async revokeByGrantId(grantId) {
      await endGrant(rows.grantOf(grantId))
    },
  }
}

/** Who loses a race is told what the library tells whoever comes later: RFC 9101 s5.2.1 for a pushed request, RFC 6749 s5.2 for all else. */
function usedBefore(model: string): Error {
  if (model === 'PushedAuthorizationRequest') return unusableRequestUri()
  return new errors.InvalidGrant(`${model} was already used`)
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
