/** `signet doctor`: looks at an installation end to end, says what to mend, and changes nothing. */
import { systemClock } from '../base/clock.ts'
import { Refusal } from '../base/errors.ts'
import type { Check, Status } from '../doctor/check.ts'
import { examine, unseen } from '../doctor/examine.ts'

export async function doctor({ url, json }: { url?: string; json?: boolean }): Promise<void> {
  if (url !== undefined && !/^https?:$/.test(URL.parse(url)?.protocol ?? ''))
    throw new Refusal('invalid_option', `--url is an address such as https://10.0.0.7:4000, not ${JSON.stringify(url)}.`)
  const checks: Check[] = []
  for await (const check of examine({ now: systemClock, url })) {
    checks.push(check)
    // A check can take seconds: each is said when it is done.
    if (!json) process.stdout.write(`${inWords(check)}\n`)
  }
  const count = (status: Status) => checks.filter((check) => check.status === status).length
  if (json) process.stdout.write(`${JSON.stringify({ ok: count('fail') === 0, checks, unseen: unseen(checks) })}\n`)
  else process.stdout.write(`${inSum(checks, count('warn'), count('fail')).join('\n')}\n`)
  if (count('fail') > 0) process.exitCode = 1
}

function inWords({ name, status, sentence, mend }: Check): string {
  const line = `${status.padEnd(5)} ${name.padEnd(20)} ${sentence}`
  return mend === undefined ? line : `${line}\n${' '.repeat(24)} -> ${mend}`
}

const inSum = (checks: readonly Check[], warnings: number, faults: number): string[] => [
  '',
  `${checks.length} checks: ${faults} to mend, ${warnings} to look at.`,
  'Not seen from here:',
  ...unseen(checks).map((one) => `  ${one}`),
]
