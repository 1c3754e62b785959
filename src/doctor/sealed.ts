/** Whether what lies sealed in the database can be opened with the secrets given, and for want of which it cannot. Looks, and writes nothing. */
import path from 'node:path'
import type { Clock } from '../base/clock.ts'
import { Refusal } from '../base/errors.ts'
import { lookInto } from '../crypto/key-files.ts'
import { masterSecrets } from '../crypto/master-secrets.ts'
import { secretOf } from '../crypto/sealing.ts'
import { createSecrets, nameLength, type Secrets } from '../crypto/secrets.ts'
import { vaultSealer } from '../main/vault.ts'
import type { Settings } from '../settings/load.ts'
import { inspectSealed, type SealedFacts } from '../store/sqlite/inspect.ts'
import { type Check, fail, ok, warn } from './check.ts'

const name = 'sealed-records'

/** @returns nothing where there is no secret or no database to read: that is said elsewhere */
export function sealedCheck(settings: Settings, now: Clock): Check | undefined {
  try {
    const folder = lookInto(settings.keyFolder)
    const facts = folder && inspectSealed(path.join(settings.dataFolder, 'signet.sqlite'), nameLength, now())
    return (
      facts && judged(facts, createSecrets(masterSecrets(folder.files, { given: settings.masterSecret, mayGenerate: false })))
    )
  } catch (cause) {
    if (!(cause instanceof Refusal)) throw cause
    return undefined
  }
}

function judged({ vault, records }: SealedFacts, secrets: Secrets): Check {
  const sealer = vaultSealer(secrets)
  const closed = vault.find(({ name, sealed }) => sealed !== '' && !opens(() => sealer.open(sealed, name)))
  if (closed) {
    const secret = secretOf(closed.sealed)
    const isMissing = secret !== undefined && !secrets.names.includes(secret)
    return isMissing
      ? fail(
          name,
          `The start is refused: ${closed.name} was sealed under the secret ${secret}, which is not given.`,
          addIt(secret),
        )
      : fail(name, `The start is refused: ${closed.name} is damaged.`, 'Put a backup back: signet restore FILE.')
  }
  const [missing] = [...records].filter(([secret]) => secret !== '' && !secrets.names.includes(secret))
  if (missing) {
    const [secret, count] = missing
    return fail(name, `${count} records were sealed under the secret ${secret}, which is not given.`, addIt(secret))
  }
  const behind = secrets.names
    .slice(1)
    .find((secret) => records.has(secret) || vault.some((one) => secretOf(one.sealed) === secret))
  if (behind)
    return warn(
      name,
      `Some records are sealed under the secret ${behind} still, which is not the first.`,
      'signet secrets rotate',
    )
  return ok(name, `What lies sealed in the database opens with the ${secrets.names.length === 1 ? 'secret' : 'secrets'} given.`)
}

const addIt = (secret: string): string =>
  `Add it behind the others (keys/README.md); if it is lost for good, signet secrets forget ${secret}.`

function opens(open: () => unknown): boolean {
  try {
    open()
    return true
  } catch (cause) {
    if (!(cause instanceof Refusal)) throw cause
    return false
  }
}
