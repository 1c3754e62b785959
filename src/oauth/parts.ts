/** What the provider is put together from. */
import type { KoaContextWithOIDC } from 'oidc-provider'
import type { Accounts } from '../accounts/account.ts'
import type { DeviceLimits } from '../accounts/device-limits.ts'
import type { RowLimit } from '../accounts/row-limits.ts'
import type { Audit } from '../audit/audit.ts'
import type { Clock, Later } from '../base/clock.ts'
import type { KeptKeys } from '../crypto/kept-keys.ts'
import type { KeyRing } from '../crypto/keyring.ts'
import type { Secrets } from '../crypto/secrets.ts'
import type { GuardedFetch } from '../outgoing/fetch.ts'
import type { Apis } from '../permissions/apis.ts'
import type { Settings } from '../settings/load.ts'
import type { Store } from '../store/store.ts'
import type { ApiKeys } from '../tokens/api-keys.ts'
import type { Clients } from './clients/clients.ts'
import type { DevicePages } from './device-flow.ts'
import type { Signatures } from './signatures.ts'

/** How the protocol's own pages are said; the web floor renders them. */
export interface ProviderPages {
  logout(ctx: KoaContextWithOIDC): Promise<void>
  signedOut(ctx: KoaContextWithOIDC): void
  device: DevicePages
  error(ctx: KoaContextWithOIDC, out: { error: string; error_description?: string }, error: unknown): void
}

export interface ProviderParts {
  settings: Settings
  secrets: Secrets
  keptKeys: KeptKeys
  ring: KeyRing
  signatures: Signatures
  store: Store
  audit: Audit
  clients: Clients
  accounts: Accounts
  apis: Apis
  apiKeys: ApiKeys
  pages: ProviderPages
  /** How another server is asked for what a client names. */
  outgoing: GuardedFetch
  deviceLimits: DeviceLimits
  /** Requests pushed in the name of clients that do not authenticate, which anybody can do. */
  pushLimit: RowLimit
  /** Sign-ins whose request is too long for a cookie. */
  longRequestLimit: RowLimit
  later: Later
  now: Clock
}
