/** What the application is put together from, and what comes of it. */

import type { Accounts } from '../accounts/account.ts'
import type { CheckPassword } from '../accounts/password-policy.ts'
import type { Tombstones } from '../accounts/tombstones.ts'
import type { Log } from '../base/log.ts'
import type { KeyRing } from '../crypto/keyring.ts'
import type { Passwords } from '../crypto/passwords.ts'
import type { Inbox } from '../mail/inbox.ts'
import type { Mailer } from '../mail/mailer.ts'
import type { Notices } from '../oauth/logout/notices.ts'
import type { ProviderParts } from '../oauth/parts.ts'
import type { Waiting } from '../oauth/revocations/waiting.ts'
import type { Signatures } from '../oauth/signatures.ts'
import type { GuardedFetch } from '../outgoing/fetch.ts'
import type { Signers } from '../outgoing/signer.ts'
import type { Pages } from '../pages/render.ts'
import type { Links } from '../tokens/links.ts'
import type { Handler } from './door.ts'
import type { Tally } from './observer.ts'
import type { Readiness } from './readiness.ts'

export interface AppParts
  extends Omit<ProviderParts, 'pages' | 'signatures' | 'deviceLimits' | 'pushLimit' | 'longRequestLimit'> {
  accounts: Accounts
  passwords: Passwords
  checkPassword: CheckPassword
  tombstones: Tombstones
  pages: Pages
  links: Links
  /** Undefined where no API takes API keys. */
  apiKeyRing?: KeyRing | undefined
  mailer: Mailer
  /** Where letters go in development. */
  inbox?: Inbox | undefined
  log: Log
  /** Who wants to know of every request. */
  tallies: Tally[]
  /** Of this process; see `NoticeParts`. */
  owner?: string | undefined
  /** How those are asked that hold private keys elsewhere. */
  signers: Signers
  /** How clients are told of a logout. */
  notifying: GuardedFetch
}

export interface App {
  handler: Handler
  /** What clients are still to be told, begun and ended by whoever runs the app. */
  notices: Notices
  readiness: Readiness
  signatures: Signatures
  /** Those who wait for the next revocation, let go before the port is closed. */
  waiting: Waiting
}
