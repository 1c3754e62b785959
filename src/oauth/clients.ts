/** Clients, from the settings and from the store, in the library's terms. A secret is never kept, so it is compared by digest. */
import { randomBytes } from 'node:crypto'
import type { AllClientMetadata } from 'oidc-provider'
import type { Clock } from '../base/clock.ts'
import { Refusal } from '../base/errors.ts'
import { digest, sameInConstantTime } from '../crypto/derive.ts'
import { type ClientRegistration, clientKinds, clientRegistration, isConfidential, readRegistration } from '../settings/client.ts'
import { endBound } from '../store/bonds.ts'
import type { ClientRow, Store } from '../store/store.ts'

/** Members of a client that the library does not know; it carries them as they are. */
export const extraMembers = ['apis', 'first_party', 'verified', 'pkce_exempt', 'kind'] as const

export type ClientMetadata = AllClientMetadata & {
  client_id: string
  apis: ClientRegistration['apis']
  first_party: boolean
  verified: boolean
  pkce_exempt: boolean
  kind: ClientRegistration['kind']
}

export interface Clients {
  find(id: string): Promise<ClientMetadata | undefined>
  /** @returns the secret, shown once. @throws Refusal `client_id_taken`, `invalid_client_metadata` */
  add(registration: Record<string, unknown>): Promise<{ registration: ClientRegistration; secret?: string }>
  /** Inserts or replaces a client for a first try. */
  putDemo(registration: Record<string, unknown>, secret?: string): Promise<void>
  /** Ends everything that hangs on the client. @throws Refusal `unknown_client`, `declared_client` */
  remove(id: string): Promise<void>
  list(limit: number, after?: string): Promise<ClientRegistration[]>
}

export const newClientSecret = (): string => `sgs_${randomBytes(32).toString('base64url')}`

export function createClients({ declared, store, now }: { declared: ClientRegistration[]; store: Store; now: Clock }): Clients {
  const fromSettings = new Map(declared.map((registration) => [registration.id, clientMetadata(registration)]))
  const recent = recentlyRead(now)

  const row = (registration: ClientRegistration, demo: boolean): ClientRow => ({
    id: registration.id,
    registration: JSON.stringify(registration),
    demo,
    createdAt: now(),
  })

  async function prepared(input: Record<string, unknown>, secret: string | undefined): Promise<ClientRegistration> {
    const parsed = clientRegistration.safeParse({ ...input, secretDigests: secret ? [digest(secret)] : [] })
    if (parsed.success) return parsed.data
    const faults = parsed.error.issues.map((issue) => `${issue.path.join('.') || 'client'}: ${issue.message}`)
    throw new Refusal('invalid_client_metadata', faults.join('; '))
  }

  return {
    async find(id) {
      const known = fromSettings.get(id)
      if (known) return known
      return recent.get(id) ?? recent.keep(id, await store.clients.find(id))
    },
    async add(input) {
      const confidential = clientKinds.some((kind) => kind === input.kind && isConfidential(kind))
      const fresh = confidential ? newClientSecret() : undefined
      const id = input.id ?? randomBytes(12).toString('base64url').replace(/^[-_]/, 'c')
      const registration = await prepared({ ...input, id }, fresh)
      const added = !fromSettings.has(registration.id) && (await store.clients.add(row(registration, false)))
      recent.forget(registration.id)
      if (!added) throw new Refusal('client_id_taken', `There is already a client ${registration.id}.`, { status: 409 })
      return { registration, secret: fresh }
    },
    async putDemo(input, secret) {
      const registration = await prepared(input, secret)
      await store.clients.put(row(registration, true))
      recent.forget(registration.id)
    },
    async remove(id) {
      if (fromSettings.has(id))
        throw new Refusal('declared_client', `The client ${id} is declared in the settings: remove it there.`)
      if (!(await store.clients.remove(id))) throw new Refusal('unknown_client', `There is no client ${id}.`, { status: 404 })
      recent.forget(id)
      await endBound(store, { client: id })
    },
    async list(limit, after) {
      const stored = await store.clients.list(limit, after)
      return [...(after === undefined ? declared : []), ...stored.map((one) => readRegistration(one.registration))]
    },
  }
}

/**
 * Replaces the library's comparison with the plain secret (`Client.prototype.compareClientSecret`, awaited by its client_auth):
 * every live digest is compared, in constant time, so that neither the position nor the number of the match shows.
 */
export function matchesSecret(digests: string | undefined, given: string): boolean {
  const actual = digest(given)
  let matches = false
  for (const one of (digests ?? '').split(' ')) if (sameInConstantTime(one, actual)) matches = true
  return matches
}

function clientMetadata(registration: ClientRegistration): ClientMetadata {
  const { kind } = registration
  const machine = kind === 'machine'
  return {
    client_id: registration.id,
    client_name: registration.name,
    application_type: kind === 'native' ? 'native' : 'web',
    grant_types: machine ? ['client_credentials'] : ['authorization_code', 'refresh_token'],
    response_types: machine ? [] : ['code'],
    redirect_uris: registration.redirectUris,
    post_logout_redirect_uris: registration.postLogoutRedirectUris,
    // The library takes the secret by Basic and by post alike.
    token_endpoint_auth_method: isConfidential(kind) ? 'client_secret_basic' : 'none',
    // Digests, where the library keeps the secret itself: see `matchesSecret`. No HMAC algorithm is on that could use it as a key.
    ...(isConfidential(kind) && { client_secret: registration.secretDigests.join(' ') }),
    id_token_signed_response_alg: registration.idTokenAlgorithm,
    ...(registration.logo && { logo_uri: registration.logo }),
    ...(registration.policyUri && { policy_uri: registration.policyUri }),
    ...(registration.tosUri && { tos_uri: registration.tosUri }),
    apis: registration.apis,
    first_party: registration.firstParty,
    verified: registration.verified,
    pkce_exempt: registration.pkceExempt,
    kind,
  }
}

/**
 * A client that was read is taken as it was until the clock's next second: a busy one is then read once a second instead of once a
 * request. What this process changes is seen at once, what another changes a second later at most. An id that is not there is never kept.
 */
function recentlyRead(now: Clock, most = 1_000) {
  const kept = new Map<string, { registration: string; metadata: ClientMetadata; readAt: number }>()
  return {
    get(id: string): ClientMetadata | undefined {
      const known = kept.get(id)
      return known?.readAt === now() ? known.metadata : undefined
    },
    keep(id: string, row: ClientRow | undefined): ClientMetadata | undefined {
      const known = kept.get(id)
      kept.delete(id)
      if (!row) return undefined
      const same = known?.registration === row.registration
      const metadata = same ? known.metadata : clientMetadata(readRegistration(row.registration))
      kept.set(id, { registration: row.registration, metadata, readAt: now() })
      if (kept.size > most) kept.delete(kept.keys().next().value as string)
      return metadata
    },
    forget: (id: string) => kept.delete(id),
  }
}
