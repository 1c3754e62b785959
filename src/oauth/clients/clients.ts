/** Clients, from the settings and from the store, in the library's terms. */
import { randomBytes } from 'node:crypto'
import type { Act } from '../../audit/acts.ts'
import type { Audit } from '../../audit/audit.ts'
import type { Clock } from '../../base/clock.ts'
import { Refusal } from '../../base/errors.ts'
import { authenticationOf, type ClientAuthentication, hasSecret } from '../../settings/client/authentication.ts'
import { type ClientKind, clientKinds } from '../../settings/client/kinds.ts'
import {
  type ClientRegistration,
  type ClientSecret,
  clientRegistration,
  readRegistration,
} from '../../settings/client/registration.ts'
import { type Surroundings, surroundingRules } from '../../settings/client/surroundings.ts'
import { inOurVoice } from '../../settings/voice.ts'
import type { ClientRow, Store } from '../../store/store.ts'
import { keysClientId } from '../../tokens/api-key.ts'
import type { ApiKeys } from '../../tokens/api-keys.ts'
import { endBound } from '../../tokens/bonds.ts'
import { deadClient, sayDead } from '../../tokens/revocation.ts'
import { type ClientMetadata, clientMetadata } from './metadata.ts'
import { recentlyRead } from './recently-read.ts'
import { newClientSecret, secretRecord } from './secrets.ts'

interface Rotated {
  registration: ClientRegistration
  secret: string
  ended: ClientSecret[]
}

export interface Clients {
  find(id: string): Promise<ClientMetadata | undefined>
  /** As it is in the store now, for whoever would say no to what another process has changed within the second. */
  findAnew(id: string): Promise<ClientMetadata | undefined>
  /** @returns the secret, shown once. @throws Refusal `client_id_taken`, `invalid_client_metadata` */
  add(registration: Record<string, unknown>): Promise<{ registration: ClientRegistration; secret?: string }>
  /** Inserts or replaces a client for a first try. */
  putDemo(registration: Record<string, unknown>, secret?: string): Promise<void>
  /**
   * Makes a second secret beside the newest one, which goes on for `keepSeconds`; what is older ends at once. Where others have
   * the newest, it ends at once as well, with every token that the client was issued until now, and its API keys; its refresh tokens stay, since they
   * need the new secret.
   * @returns the new secret, shown once, and those older ones, which were to live longer. @throws Refusal `unknown_client`, `declared_client`, `no_secret`, `conflict`
   */
  rotateSecret(id: string, keepSeconds: number, options?: { isCompromised?: boolean }): Promise<Rotated>
  /** As it is registered. @throws Refusal `unknown_client` */
  show(id: string): Promise<{ registration: ClientRegistration; declared: boolean; createdAt?: number }>
  /**
   * Ends whatever the client was issued until now, its API keys too, with the grants and refresh tokens of its people; its registration stays.
   * @param id also that in whose name all people's API keys are
   * @returns how many API keys ended. @throws Refusal `unknown_client`
   */
  endAccess(id: string): Promise<number>
  /** Ends everything that hangs on the client. @throws Refusal `unknown_client`, `declared_client` */
  remove(id: string): Promise<void>
  list(limit: number, after?: string): Promise<ClientRegistration[]>
}

interface ClientsParts {
  settings: Surroundings & { clients: ClientRegistration[] }
  store: Store
  audit: Pick<Audit, 'record'>
  apiKeys: Pick<ApiKeys, 'endAll' | 'endWhere'>
  now: Clock
}

export function createClients({ settings, store, audit, apiKeys, now }: ClientsParts): Clients {
  const declared = settings.clients
  const fromSettings = new Map(declared.map((registration) => [registration.id, clientMetadata(registration)]))
  const recent = recentlyRead(now)

  const row = (registration: ClientRegistration, demo: boolean): ClientRow => ({
    id: registration.id,
    registration: JSON.stringify(registration),
    demo,
    createdAt: now(),
  })

  /** Judges a registration. @throws Refusal `invalid_client_metadata` with every fault */
  function judged(input: Record<string, unknown>, secretDigests: ClientSecret[]): ClientRegistration {
    const parsed = clientRegistration.safeParse({ ...input, secretDigests }, { error: inOurVoice })
    if (!parsed.success) throw refusal(parsed.error.issues)
    return parsed.data
  }

  /** @throws Refusal `invalid_client_metadata` with everything that the settings do not have */
  function atHome(client: ClientRegistration): ClientRegistration {
    const faults: { path: PropertyKey[]; message: string }[] = []
    for (const { judge } of surroundingRules) judge(client, settings, (path, message) => faults.push({ path, message }))
    if (faults.length > 0) throw refusal(faults)
    return client
  }

  /** Begun in the turn of the write that it is about, so that one commit holds both; not written where that was refused. */
  const recorded = (act: Act, { id: client, registration }: ClientRow, detail: object) =>
    audit.record(act, { client, detail: { ...detail }, ifThere: { client, registration } })

  const declaredHere = (id: string) =>
    new Refusal('declared_client', `The client ${id} is declared in the settings: change it there.`)

  return {
    async find(id) {
      const known = fromSettings.get(id)
      if (known) return known
      return recent.get(id) ?? recent.keep(id, await store.clients.find(id))
    },
    findAnew: async (id) => fromSettings.get(id) ?? recent.keep(id, await store.clients.find(id)),
    async add(input) {
      // Whoever registers would believe that theirs counts.
      if (input.secretDigests !== undefined)
        throw refusal([{ path: ['secretDigests'], message: 'is not for you to say: the secret is made here and shown once' }])
      const fresh = wantsSecret(input) ? newClientSecret() : undefined
      const id = input.id ?? randomBytes(12).toString('base64url').replace(/^[-_]/, 'c')
      const registration = atHome(judged({ ...input, id }, fresh ? [secretRecord(fresh, now())] : []))
      const written = row(registration, false)
      const detail = { kind: registration.kind }
      const begin = () => Promise.all([store.clients.add(written), recorded('client.added', written, detail)])
      const [added] = fromSettings.has(registration.id) ? [false] : await begin()
      recent.forget(registration.id)
      if (!added) throw new Refusal('client_id_taken', `There is already a client ${registration.id}.`, { status: 409 })
      return { registration, secret: fresh }
    },
    async putDemo(input, secret) {
      const registration = judged(input, secret ? [secretRecord(secret, now())] : [])
      await store.clients.put(row(registration, true))
      recent.forget(registration.id)
    },
    async rotateSecret(id, keep, { isCompromised = false } = {}) {
      const keepSeconds = isCompromised ? 0 : keep
      if (fromSettings.has(id)) throw declaredHere(id)
      const stored = await store.clients.find(id)
      if (!stored) throw unknown(id)
      const registration = readRegistration(stored.registration)
      if (!hasSecret(authenticationOf(registration)))
        throw new Refusal('no_secret', `The client ${id} authenticates without a secret.`)
      const secret = newClientSecret()
      const changed = judged(registration, [
        secretRecord(secret, now()),
        ...retiring(registration.secretDigests, keepSeconds, now()),
      ])
      const written = { ...stored, registration: JSON.stringify(changed) }
      const [replaced] = await Promise.all([
        store.clients.replace(written, stored.registration),
        recorded('client.secret_rotated', written, { keepSeconds, ...(isCompromised && { compromised: true }) }),
      ])
      recent.forget(id)
      // Somebody else changed it meanwhile: a secret that was shown has to stay one that works.
      if (!replaced) throw new Refusal('conflict', `The client ${id} was changed at the same moment: try again.`, { status: 409 })
      if (isCompromised) {
        await sayDead(store.revocations, [deadClient(id, now())], now())
        await apiKeys.endAll({ client: id }, 'client', {})
      }
      const older: ClientSecret[] = registration.secretDigests.slice(1)
      const ended = older.filter(({ expiresAt = Number.POSITIVE_INFINITY }) => expiresAt > now())
      return { registration: changed, secret, ended }
    },
    async show(id) {
      const known = declared.find((one) => one.id === id)
      if (known) return { registration: known, declared: true }
      const stored = await store.clients.find(id)
      if (!stored) throw unknown(id)
      return { registration: readRegistration(stored.registration), declared: false, createdAt: stored.createdAt }
    },
    async endAccess(id) {
      if (id !== keysClientId && !fromSettings.has(id) && !(await store.clients.find(id))) throw unknown(id)
      await Promise.all([
        audit.record('client.tokens_revoked', { client: id }),
        sayDead(store.revocations, [deadClient(id, now())], now()),
      ])
      await endBound(store, { client: id }, now())
      if (id === keysClientId) return apiKeys.endWhere(({ account }) => account !== undefined, 'operator', {})
      return apiKeys.endAll({ client: id }, 'operator', {})
    },
    async remove(id) {
      if (fromSettings.has(id)) throw declaredHere(id)
      if (!(await store.clients.find(id))) throw unknown(id)
      // Once more below: while it is there, so that whoever is killed in between can ask again, and once none is made any more.
      await apiKeys.endAll({ client: id }, 'client', {})
      const [removed] = await Promise.all([
        store.clients.remove(id),
        audit.record('client.removed', { client: id }),
        sayDead(store.revocations, [deadClient(id, now())], now()),
      ])
      if (!removed) throw unknown(id)
      recent.forget(id)
      await endBound(store, { client: id }, now())
      await apiKeys.endAll({ client: id }, 'client', {})
    },
    async list(limit, after) {
      const stored = await store.clients.list(limit, after)
      return [...(after === undefined ? declared : []), ...stored.map((one) => readRegistration(one.registration))]
    },
  }
}

const unknown = (id: string) => new Refusal('unknown_client', `There is no client ${id}.`, { status: 404 })

function refusal(faults: { path: PropertyKey[]; message: string }[]): Refusal {
  const lines = faults.map(({ path, message }) => `${path.join('.') || 'client'}: ${message}`)
  return new Refusal('invalid_client_metadata', lines.join('; '))
}

/** Whether a registration, not judged yet, will be one that authenticates by a secret. */
function wantsSecret({ kind, authentication }: Record<string, unknown>): boolean {
  const known = clientKinds.includes(kind as ClientKind)
  return (
    known && hasSecret(authenticationOf({ kind: kind as ClientKind, authentication: authentication as ClientAuthentication }))
  )
}

/** The secret that is being replaced, until its new end; never later than the end that it has. */
function retiring([newest]: ClientSecret[], keepSeconds: number, now: number): ClientSecret[] {
  if (!newest || keepSeconds === 0) return []
  const expiresAt = Math.min(now + keepSeconds, newest.expiresAt ?? Number.POSITIVE_INFINITY)
  return expiresAt > now ? [{ ...newest, expiresAt }] : []
}
