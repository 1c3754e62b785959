/** API keys as their owners have them: made, listed, ended, and found when somebody shows one. */
import { randomBytes } from 'node:crypto'
import { Refusal } from '../base/errors.ts'
import type { KeyRing } from '../crypto/keyring.ts'
import type { SigningKey } from '../crypto/signing-key.ts'
import type { Api } from '../permissions/apis.ts'
import type { ClientRegistration } from '../settings/client/registration.ts'
import type { Settings } from '../settings/load.ts'
import type { Account, ApiKeyRow, KeyOwner, Store } from '../store/store.ts'
import { type ApiKeyClaims, apiKeyAlgorithm, longestKey, readKey, writeKey } from './api-key.ts'
import { type AskedKey, apiOfKey, judgedKey } from './asked-key.ts'
import { createKeyEndings, type KeyEndingParts, type KeyEndings, mostEver, type Who } from './key-endings.ts'
import { createKeyOwners, type Owner } from './key-owners.ts'
import { createRevocations, sentencesAgainstNew } from './revocation.ts'

export type { KeyNews, Who, WhyEnded } from './key-endings.ts'

/** A key that somebody showed, and that is good. */
export interface LivingKey {
  claims: ApiKeyClaims
  row: ApiKeyRow
  api: Api
  owner: { account: Account } | { client: ClientRegistration }
  /** Those of its scopes that its owner may still have. */
  scopes: string[]
}

export interface ApiKeys extends KeyEndings {
  /**
   * Judges: that the API takes keys; that there are scopes, each allowed to the owner by now; the end; the name; that there is room. A person is
   * given as they were read when it was seen who asks: what changed since is noticed.
   * @returns the key, to be shown once and kept nowhere
   * @throws Refusal `no_such_api`, `invalid_key_name`, `no_scope`, `scope_not_allowed`, `invalid_key_end`, `key_too_long` 422; `unknown_client` 404;
   *   `no_machine`, `too_many_keys`, `changed_meanwhile` 409; `just_ended`, `signer_unavailable` 503
   */
  mint(owner: { account: Account } | { client: string }, asked: AskedKey, who: Who): Promise<{ key: string; row: ApiKeyRow }>
  /** Those that are alive, the newest first. */
  list(owner: KeyOwner): Promise<ApiKeyRow[]>
  /** What `readKey` reads of it, without any store. Does NOT ask what became of the key since. */
  read(key: string): Promise<ApiKeyClaims | undefined>
  /**
   * What stands behind the key of this id while it is alive, and is a person's: for what was got in exchange for it. Does NOT ask for sentences of
   * revocation.
   */
  behind(jti: string): Promise<{ account: Account; key: ApiKeyRow } | undefined>
  /**
   * Validates: all that `readKey` does, which needs no store; that the key's row is there; that no sentence of revocation is about it and no backup was
   * restored since; that its owner is there, and enabled; that its API still takes keys.
   */
  findLiving(key: string): Promise<LivingKey | undefined>
}

export interface ApiKeyParts extends KeyEndingParts {
  settings: Pick<Settings, 'issuer' | 'apiKeys' | 'clients'>
  /** Opened when it is first asked for; undefined where no API takes keys. */
  ring(): Promise<KeyRing | undefined>
  sign(key: SigningKey, data: Uint8Array): Promise<Buffer>
  store: Pick<Store, 'accounts' | 'clients' | 'keys' | 'revocations' | 'counters' | 'lineage'>
}

export function createApiKeys(parts: ApiKeyParts): ApiKeys {
  const { settings, apis, store, audit, tell, now } = parts
  const { issuer } = settings
  const { mostPerPerson: most, longestDays } = settings.apiKeys
  const owners = createKeyOwners(settings.clients, store)
  const revocations = createRevocations(store, now)

  /** What is issued by then counts as dead: nothing is made that verifiers would refuse. @throws Refusal `just_ended` */
  async function refuseDead(about: ReturnType<typeof sentencesAgainstNew>): Promise<void> {
    const said = await store.revocations.find(about)
    const beganAt = (await store.lineage.current())?.beganAt ?? 0
    const deadUntil = Math.max(beganAt, ...said.map(({ before = Number.POSITIVE_INFINITY }) => before))
    if (deadUntil < now()) return
    const retryAfterSeconds = Number.isFinite(deadUntil) ? deadUntil - now() + 1 : 60
    throw new Refusal('just_ended', 'Access was ended at this moment. Please try again in a few seconds.', {
      status: 503,
      retryAfterSeconds,
    })
  }

  async function read(text: string): Promise<ApiKeyClaims | undefined> {
    const ring = await parts.ring()
    return ring && readKey(text, { ring, issuer, now })
  }

  async function full(owner: KeyOwner): Promise<boolean> {
    return (await store.keys.of(owner, most)).length >= most
  }

  async function signingKeyNow(): Promise<SigningKey> {
    const ring = await parts.ring()
    if (!ring) throw new TypeError('an API takes keys, and there is no ring for them')
    return ring.current(apiKeyAlgorithm)
  }

  async function written(owner: Owner, row: ApiKeyRow, signingKey: SigningKey): Promise<string> {
    const { jti, audience: aud, createdAt: iat, expiresAt: exp, scopes } = row
    const claims = { iss: issuer, sub: owner.sub, aud, client_id: owner.clientId, jti, iat, exp, scope: scopes.join(' ') }
    const key = await writeKey(claims, signingKey, (data) => parts.sign(signingKey, data))
    if (key.length > longestKey)
      throw new Refusal('key_too_long', 'A key with so many scopes would be too long: make two of it.', { status: 422 })
    return key
  }

  return {
    async mint(whose, asked, who) {
      const api = apiOfKey(apis, asked.audience)
      const owner = await owners.read(whose)
      const judged = judgedKey({ ...asked, audience: api.identifier }, owner.scopes(api), { now: now(), longestDays })
      if (await full(owner.id)) throw tooMany(most)
      const signingKey = await signingKeyNow()
      const about = sentencesAgainstNew({ ...owner, kid: signingKey.kid })
      await refuseDead(about)
      const row: ApiKeyRow = { jti: newJti(), kid: signingKey.kid, ...owner.id, ...judged, createdAt: now() }
      const key = await written(owner, row, signingKey)
      const { jti, name, audience, scopes, expiresAt } = row
      const detail = { jti, name, audience, scopes, expiresAt }
      const ifThere = { keys: [jti] }
      const [added] = await Promise.all([
        store.keys.add(row, owner.asRead, most, about),
        audit.record('api_key.added', { ...who, ...owner.id, detail, ifThere }),
        owner.account && tell({ account: owner.account, added: row }, ifThere),
      ])
      if (added) return { key, row }
      await refuseDead(about)
      throw (await full(owner.id)) ? tooMany(most) : changedMeanwhile()
    },
    list: (owner) => store.keys.of(owner, mostEver),
    ...createKeyEndings(parts),
    read,
    async behind(jti) {
      const key = await store.keys.find(jti)
      const account = key && (await owners.of(key))?.account
      return account && { account, key }
    },
    async findLiving(text) {
      const claims = await read(text)
      const api = claims && apis.find(claims.aud)
      if (!claims || !api?.apiKeys) return undefined
      const row = await store.keys.find(claims.jti)
      if (!row || claims.iat <= ((await store.lineage.current())?.beganAt ?? 0)) return undefined
      if (await revocations.isRevoked(claims, 'api_key')) return undefined
      const owner = await owners.of(row)
      if (!owner) return undefined
      const allowed = owner.scopes(api)
      const { account, registration } = owner
      return {
        ...{ claims, row, api, scopes: row.scopes.filter((scope) => allowed.includes(scope)) },
        owner: account ? { account } : { client: registration as ClientRegistration },
      }
    },
  }
}

/** 128 bits. */
const newJti = (): string => randomBytes(16).toString('base64url')

const tooMany = (most: number): Refusal =>
  new Refusal('too_many_keys', `There are ${most} keys already, and no more at once: end one first.`, { status: 409 })

const changedMeanwhile = (): Refusal =>
  new Refusal('changed_meanwhile', 'The owner of the key was changed at the same moment. Please look again.', { status: 409 })
