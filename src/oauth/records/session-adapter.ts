/**
 * Sessions by who they are of. A person's lasts, in the durable store. A stranger's exists only because a page needed a secret for its form
 * (sign-out does), so it goes where things may be lost and are bounded, and lives for an hour. One that holds nothing at all, as the library
 * makes for a visitor with the cookie of a session that is gone, is not kept.
 *
 * A session that ended leaves a stone for as long as a request may last. The library reads a session when a request begins and saves it
 * when it ends, so that without one a request held open over a sign-out brings the session back.
 */
import { type Adapter, type AdapterPayload, errors, Provider } from 'oidc-provider'
import type { Clock } from '../../base/clock.ts'
import type { Artifact, ArtifactStore } from '../../store/store.ts'
import { isPastItsEnd, type Lifetime } from './lifetimes.ts'
import type { Rows } from './rows.ts'

export interface SessionParts {
  /** For a person's. */
  lasting: ArtifactStore
  /** For a stranger's. */
  passing: ArtifactStore
  rows: Rows
  lifetime: Lifetime
  now: Clock
}

const model = 'Session'
const strangerSeconds = 3_600

/** Longer than a request can take (`requestTimeout` in `main/listener.ts` is 30 seconds). */
const stoneSeconds = 300

/** The id that the session of this request had, once it has been given another. Not in the library's types. */
const rotatedFrom = () => (Provider.ctx?.oidc.session as { oldId?: string } | undefined)?.oldId

const isBuried = (artifact: Artifact | undefined) => artifact?.consumedAt !== undefined

export function sessionAdapter({ lasting, passing, rows, lifetime, now }: SessionParts): Adapter {
  function opened(artifact: Artifact | undefined): AdapterPayload | undefined {
    if (isBuried(artifact)) return undefined
    const payload = rows.open(artifact)
    return payload?.loginTs !== undefined && isPastItsEnd(lifetime, payload.loginTs, now()) ? undefined : payload
  }

  async function put(store: ArtifactStore, row: Artifact): Promise<void> {
    if (!isBuried(await store.find(model, row.id))) await store.put(row)
  }

  /** A session that goes on under a new id after it was ended under the old one is refused. */
  async function bury(store: ArtifactStore, value: string): Promise<void> {
    const id = rows.idOf(value)
    if (await store.consume(model, id)) await store.put(rows.row(model, value, {}, stoneSeconds))
    else if (rotatedFrom() === value && isBuried(await store.find(model, id)))
      throw new errors.SessionNotFound('the session has ended')
  }

  const never = async (): Promise<never> => {
    throw new TypeError('a session is neither used up nor found by a code, and hangs on no grant')
  }

  return {
    async upsert(value, payload, lifetimeSeconds) {
      if (payload.accountId) await put(lasting, rows.row(model, value, payload, lifetimeSeconds))
      else if (payload.state || payload.authorizations) await put(passing, rows.row(model, value, payload, strangerSeconds))
    },
    async find(value) {
      const id = rows.idOf(value)
      return opened(await lasting.find(model, id)) ?? opened(await passing.find(model, id))
    },
    async findByUid(given) {
      const uid = rows.uidOf(given)
      return opened(await lasting.findByUid(model, uid)) ?? opened(await passing.findByUid(model, uid))
    },
    async destroy(value) {
      await Promise.all([bury(lasting, value), bury(passing, value)])
    },
    consume: never,
    findByUserCode: never,
    revokeByGrantId: never,
  }
}
