/** The steps of each database in order; a database's version is the number of steps that it has taken. */
import { artifacts } from './001-artifacts.ts'
import { accountsAndClients } from './002-accounts-and-clients.ts'
import { counters } from './002-counters.ts'
import { bounds } from './003-bounds.ts'
import { artifactVersion } from './004-artifact-version.ts'
import { notices } from './005-notices.ts'
import { accountClaims } from './006-account-claims.ts'
import { replayBound } from './007-replay-bound.ts'
import { lineage } from './010-lineage.ts'
import { vault } from './012-vault.ts'
import { audit } from './014-audit.ts'
import { credentials } from './015-credentials.ts'
import { removed } from './016-removed.ts'
import { letters } from './017-letters.ts'
import { signInVersion } from './018-sign-in-version.ts'
import { revocations } from './021-revocations.ts'
import { apiKeys } from './022-api-keys.ts'
import type { Migration } from './migration.ts'

export const durableMigrations: readonly Migration[] = [
  artifacts,
  accountsAndClients,
  artifactVersion,
  notices,
  accountClaims,
  lineage,
  vault,
  audit,
  credentials,
  letters,
  signInVersion,
  removed,
  revocations,
  apiKeys,
]
export const volatileMigrations: readonly Migration[] = [artifacts, counters, bounds, artifactVersion, replayBound]
