/** What the server and the command line have in common: secrets, store, passwords, people and clients. */
import { userInfo } from 'node:os'
import { createAccounts } from '../accounts/account.ts'
import { type CheckPassword, createPasswordPolicy } from '../accounts/password-policy.ts'
import { keyLetter } from '../accounts/told.ts'
import { createTombstones, type Tombstones } from '../accounts/tombstones.ts'
import { createUpgrades } from '../accounts/upgrades.ts'
import { type Audit, createAudit } from '../audit/audit.ts'
import { type Clock, type Later, systemClock } from '../base/clock.ts'
import { createLog, type Log } from '../base/log.ts'
import { openKeyFolder } from '../crypto/key-files.ts'
import { masterSecrets } from '../crypto/master-secrets.ts'
import { createPasswords, type Passwords } from '../crypto/passwords.ts'
import { createSecrets, type Secrets } from '../crypto/secrets.ts'
import type { Inbox } from '../mail/inbox.ts'
import type { Mailer } from '../mail/mailer.ts'
import { createClients } from '../oauth/clients/clients.ts'
import { createSigners, type Signers } from '../outgoing/signer.ts'
import { type Apis, createApis } from '../permissions/apis.ts'
import type { Settings } from '../settings/load.ts'
import type { Condition } from '../store/audit.ts'
import { openStore } from '../store/open.ts'
import type { Store } from '../store/store.ts'
import type { KeyNews } from '../tokens/api-keys.ts'
import { createLinks, type Links } from '../tokens/links.ts'
import { type OpenApiKeys, openApiKeys } from './api-keys.ts'
import { openMail, smtpOf } from './mail.ts'
import { createVault, type Vault } from './vault.ts'

export interface Parts extends OpenApiKeys {
  settings: Settings
  secrets: Secrets
  store: Store
  vault: Vault
  audit: Audit
  passwords: Passwords
  mailer: Mailer
  /** Where letters go in development. */
  inbox: Inbox | undefined
  checkPassword: CheckPassword
  tombstones: Tombstones
  accounts: ReturnType<typeof createAccounts>
  clients: ReturnType<typeof createClients>
  links: Links
  apis: Apis
  /** How those are asked that hold private keys elsewhere. */
  signers: Signers
  now: Clock
  log: Log
  close(): Promise<void>
}

/**
 * @param options `first`: as for `startServer`; a volatile file that is damaged is made anew by it alone, since others may have it open.
 *   `owner`: of a process that serves, and delivers what it owes
 * @throws Refusal with one clear sentence for whatever cannot be opened
 */
export async function openParts(
  settings: Settings,
  {
    now = systemClock,
    log = createLog(settings.log),
    first = true,
    later: putOff = systemLater,
    owner,
  }: { now?: Clock; log?: Log; first?: boolean; later?: Later; owner?: string } = {},
): Promise<Parts> {
  const secrets = givenSecrets(settings)
  const transport = smtpOf(settings, now)
  const onError = (error: unknown) => log.error('store.fault', { error })
  // A process that has a write to wait for has something to do: this timer keeps it alive.
  const later: Later = (milliseconds, run) => void setTimeout(run, milliseconds)
  const { dataFolder, redis } = settings
  const store = await openStore({ dataFolder, redis, mayRemake: first, now, later, onError })
  const mail = openMail(settings, { transport, store: store.letters, secrets, owner, later: putOff, now, log })
  const passwords = createPasswords({ work: settings.passwords })
  const checkPassword = createPasswordPolicy({ ...settings.passwords, passwords, site: settings.theme.title })
  const upgrades = createUpgrades({ accounts: store.accounts, passwords, log })
  const tombstones = createTombstones(secrets.keysFor('removed'))
  const audit = createAudit({ store: store.audit, operator: operatorHere(), keepDays: settings.audit.keepDays, now })
  const vault = createVault(store.vault, secrets)
  const apis = createApis(settings.apis, settings.issuer, settings.theme.title, settings.authorizationDetails)
  const signers = createSigners({ deadline: AbortSignal.timeout })
  const { issuer } = settings
  const tell = async (news: KeyNews, ifThere: Condition) => {
    const letter = keyLetter(news, { apis, issuer, now: now() })
    if (letter) await mail.mailer.owe(letter, ifThere)
  }
  const keys = openApiKeys({ settings, vault, signers, apis, store, audit, tell, now, log })
  const { apiKeys } = keys
  return {
    settings,
    secrets,
    store,
    vault,
    audit,
    passwords,
    ...mail,
    checkPassword,
    tombstones,
    accounts: createAccounts({
      ...{ store, audit, apiKeys, mailer: mail.mailer, issuer, now },
      ...{ passwords, checkPassword, upgrades, tombstones, roles: Object.keys(settings.roles) },
    }),
    clients: createClients({ settings, store, audit, apiKeys, now }),
    links: createLinks({ secrets, issuer, lineage: store.lineage, now }),
    ...keys,
    apis,
    signers,
    now,
    log,
    async close() {
      await passwords.close()
      await store.close()
    },
  }
}

/** Nothing that is put off keeps a process alive that has nothing else to do. */
export const systemLater: Later = (milliseconds, run) => void setTimeout(run, milliseconds).unref()

/** Whoever runs this process: in a container there may be a number and no name. */
export function operatorHere(): string {
  try {
    return userInfo().username
  } catch {
    return String(process.getuid?.() ?? 'unknown')
  }
}

/** @throws Refusal `missing_secret`, `weak_secret`, `ambiguous_secret`, `unreadable_key` */
export function givenSecrets({ keyFolder, masterSecret: given, development: mayGenerate }: Settings): Secrets {
  return createSecrets(masterSecrets(openKeyFolder(keyFolder), { given, mayGenerate }))
}
