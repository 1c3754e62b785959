/** `signet settings`: every fault, and how to mend it; what the settings allow no more, ended. */
import { InvalidSettings, said } from '../settings/invalid.ts'
import { loadSettings } from '../settings/load.ts'
import { answer, refuse, withParts } from './run.ts'

export async function checkSettings({ json }: { json?: boolean }): Promise<void> {
  try {
    const { issuer, development, apis, clients } = loadSettings()
    const summary = { valid: true, issuer, development, apis: apis.length, clients: clients.length }
    answer(json, summary, [
      `The settings are valid: ${issuer} (${development ? 'development' : 'production'}), APIs: ${apis.length}, declared clients: ${clients.length}.`,
    ])
  } catch (cause) {
    if (!(cause instanceof InvalidSettings)) throw cause
    const { code, message, faults } = cause
    if (json) refuse(true, { valid: false, error: code, message, faults })
    else refuse(false, { error: code, message: withMends(cause) })
  }
}

/** A start does the same with settings that are new. */
export async function applySettings({ json }: { json?: boolean }): Promise<void> {
  const [{ saidOf, settleAllowance }, { isNothing }] = await Promise.all([
    import('../main/allowance.ts'),
    import('../permissions/allowance.ts'),
  ])
  const { taken } = await withParts((parts) => settleAllowance(parts, true))
  answer(json, { ended: taken }, [
    isNothing(taken) ? 'Nothing that was issued goes beyond these settings.' : `Ended, as of now: ${saidOf(taken)}.`,
  ])
}

/** Each fault, and below it what to do. */
function withMends({ file, faults, message }: InvalidSettings): string {
  const [heading] = message.split('\n')
  if (heading === message) return [message, ...faults.map(({ mend }) => `  ${mend}`)].join('\n')
  return [
    heading,
    ...faults.flatMap((fault) => ['', `  ${said(fault)}`, `    ${fault.mend}`]),
    '',
    // A rule about several settings needs each of them in order.
    'Mend these, then check again: what rests on them is judged then.',
    `Every setting is explained in config/signet.yaml and docs/settings.md; this was ${file}.`,
  ].join('\n')
}
