/** What a start with these settings would end, since they allow it no more. Looks, and writes nothing. */
import path from 'node:path'
import { Refusal } from '../base/errors.ts'
import { lookInto } from '../crypto/key-files.ts'
import { masterSecrets } from '../crypto/master-secrets.ts'
import { createSecrets } from '../crypto/secrets.ts'
import { allowanceEntry, doubtInWords, judgeAllowance, saidOf } from '../main/allowance.ts'
import { vaultSealer } from '../main/vault.ts'
import { isNothing } from '../permissions/allowance.ts'
import type { Settings } from '../settings/load.ts'
import { inspectVault } from '../store/sqlite/inspect.ts'
import { type Check, ok, warn } from './check.ts'

const name = 'taken-away'

/** @returns nothing where there is no record that can be read: why is said elsewhere */
export function allowanceCheck(settings: Settings): Check | undefined {
  try {
    const folder = lookInto(settings.keyFolder)
    const sealed = inspectVault(path.join(settings.dataFolder, 'signet.sqlite'), allowanceEntry)
    if (!folder || sealed === undefined) return undefined
    const secrets = createSecrets(masterSecrets(folder.files, { given: settings.masterSecret, mayGenerate: false }))
    const { taken, doubt } = judgeAllowance(settings, vaultSealer(secrets).open(sealed, allowanceEntry))
    if (isNothing(taken)) return ok(name, 'Nothing that was issued goes beyond the settings.')
    return doubt
      ? warn(
          name,
          `${doubtInWords[doubt]}, and do not allow what lives still: ${saidOf(taken)}.`,
          doubt === 'older'
            ? 'signet settings apply ends it; other nodes that run by newer settings are to have these first.'
            : 'signet settings apply ends it, if these are the settings of this server.',
        )
      : warn(
          name,
          `The next start ends what these settings allow no more: ${saidOf(taken)}.`,
          'Start, if that is meant; otherwise put back what was removed from the settings.',
        )
  } catch (cause) {
    if (!(cause instanceof Refusal)) throw cause
    return undefined
  }
}
