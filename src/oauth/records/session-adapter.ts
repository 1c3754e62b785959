/**
 * Sessions by who they are of. A person's lasts, in the durable store. A stranger's exists only because a page needed a secret for its form
 * (sign-out and a device's code do), so its browser keeps it, for an hour, at that page. One that holds nothing at all, as the library makes
 * for a visitor with the cookie of a session that is gone, is not kept.
 *
 * A person's row is known by the session's uid, and the cookie's value, which changes at each sign-in, is its second key: one write for a
 * session that goes on under another value. Its uid is the name of the sign-in that began it, so that by one sign-in a session begins once
 * (`sign-ins.ts`).
 *
 * A session that ended leaves a stone, for longer than a request may last and than its sign-in can be brought back. The library reads a
 * session when a request begins and saves it when it ends: without the stone a request held open over a sign-out brings the session back.
 */
import { isDeepStrictEqual } from 'node:util'
import { type Adapter, type AdapterPayload, errors, type KoaContextWithOIDC, Provider, type Session } from 'oidc-provider'
import type { Clock } from '../../base/clock.ts'
import type { Artifact, ArtifactStore } from '../../store/store.ts'
import { isPastItsEnd, type Lifetime } from './lifetimes.ts'
import type { Rows } from './rows.ts'
import { isLeftOpen, rememberedSeconds, signInAtHand } from './sign-ins.ts'
import type { Visits } from './visits.ts'

export interface SessionParts {
  /** For a person's. */
  store: ArtifactStore
  /** For a stranger's. */
  visits: Visits
  rows: Rows
  lifetime: Lifetime
  now: Clock
}

export interface SessionAdapter extends Adapter {
  /** Whether a session began by a sign-in of this name, be it over or not. */
  hasSignedIn(name: string): Promise<boolean>
  /** No session begins by it any more. @returns false when one did, or it was given up before */
  giveUpSignIn(name: string): Promise<boolean>
}

const model = 'Session'

/** What a visit moves on is written when it is a tenth of the lifetime or more. */
const worthWriting = 0.1

/** With the id that it had in this request before it was given another, which is not in the library's types. */
type OurSession = Session & { oldId?: string }
const sessionAtHand = () => Provider.ctx?.oidc.session as OurSession | undefined

const isBuried = (artifact: Artifact | undefined) => artifact?.consumedAt !== undefined

export function sessionAdapter({ store, visits, rows, lifetime, now }: SessionParts): SessionAdapter {
  const find = (uid: string) => store.find(model, rows.idOf(uid))
  const spent = new WeakSet<KoaContextWithOIDC>()

  function opened(artifact: Artifact | undefined): AdapterPayload | undefined {
    if (isBuried(artifact)) return undefined
    const payload = rows.open(artifact)
    return payload?.loginTs !== undefined && isPastItsEnd(lifetime, payload.loginTs, now()) ? undefined : payload
  }

  const stone = (uid: string): Artifact => ({ ...rows.row(model, uid, {}, rememberedSeconds), consumedAt: now() })

  const giveUpSignIn = (name: string) => store.insert(stone(name))

  /** A sign-in that began without a session and goes on with the one of another tab leaves its name as well. */
  async function spendSignIn(uid: string): Promise<void> {
    const name = signInAtHand()
    const { ctx } = Provider
    if (!ctx || !name || name === uid || spent.has(ctx)) return
    if (!(await giveUpSignIn(name))) throw overAlready()
    spent.add(ctx)
  }

  async function save(value: string, payload: AdapterPayload, lifetimeSeconds: number | undefined): Promise<void> {
    const uid = String(payload.uid)
    await spendSignIn(uid)
    for (let isWritten = false; !isWritten; ) {
      const current = await find(uid)
      if (current && (isBuried(current) || !isOfThisRequest(current, value))) {
        if (sessionAtHand()?.oldId !== undefined || signInAtHand() !== undefined) throw overAlready()
        return
      }
      const next = withOthers(payload, rows.open(current))
      const version = current?.version ?? 0
      const row = { ...rows.row(model, uid, next, lifetimeSeconds), uid: rows.idOf(value), version: version + 1 }
      if (
        current &&
        isSame(next, rows.open(current)) &&
        row.expiresAt - current.expiresAt < worthWriting * (lifetimeSeconds ?? 0)
      )
        return
      isWritten = await (current ? store.replace(row, version) : store.insert(row))
    }
  }

  /** Another request may have given it another value meanwhile, and this one's is over then. */
  function isOfThisRequest({ uid }: Artifact, value: string): boolean {
    const former = sessionAtHand()?.oldId
    return uid === rows.idOf(value) || (former !== undefined && uid === rows.idOf(former))
  }

  async function bury(uid: string): Promise<void> {
    for (let isBelow = false; !isBelow; ) {
      const current = await find(uid)
      if (!current || isBuried(current)) return
      const version = current.version ?? 0
      isBelow = await store.replace({ ...stone(uid), version: version + 1 }, version)
    }
  }

  const never = async (): Promise<never> => {
    throw new TypeError('a session is neither used up nor found by a code, and hangs on no grant')
  }

  return {
    async upsert(value, payload, lifetimeSeconds) {
      if (isLeftOpen()) return
      if (payload.accountId) await save(value, payload, lifetimeSeconds)
      else visits.keep(payload)
    },
    find: async (value) => opened(await store.findByUid(model, rows.idOf(value))) ?? visits.find(),
    findByUid: async (uid) => opened(await find(uid)),
    hasSignedIn: async (name) => (await find(name)) !== undefined,
    giveUpSignIn,
    async destroy(value) {
      const session = sessionAtHand()
      // It goes on under another value, which `upsert` writes.
      if (session?.oldId === value) return
      visits.end()
      const uid = session?.jti === value ? session.uid : opened(await store.findByUid(model, rows.idOf(value)))?.uid
      if (uid !== undefined) await bury(uid)
    },
    consume: never,
    findByUserCode: never,
    revokeByGrantId: never,
  }
}

/** The answer sets no cookie: that of the session that did begin may be in the browser already. */
function overAlready(): Error {
  Provider.ctx?.remove('Set-Cookie')
  return new errors.SessionNotFound('the session has ended, or this sign-in was used before')
}

/** What another request added since this one read the session: each adds its own client. */
function withOthers(payload: AdapterPayload, stored: AdapterPayload | undefined): AdapterPayload {
  if (!stored?.authorizations) return payload
  return { ...payload, authorizations: { ...stored.authorizations, ...payload.authorizations } }
}

function isSame({ exp: _, ...one }: AdapterPayload, { exp: __, ...other }: AdapterPayload = {}): boolean {
  return isDeepStrictEqual(one, other)
}
