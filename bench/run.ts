/**
 * `npm run bench [-- name …] [--svg FILE]`: every figure as a ratio against a control in the same run. Identical runs differ by a tenth; trust
 * ratios alone.
 */
import { writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { chartOf } from './chart.ts'
import { benchCluster } from './cluster.ts'
import { benchFlows } from './flows.ts'
import { benchGrowth } from './growth.ts'
import { benchPasswords } from './passwords.ts'
import { benchRevocation } from './revocation.ts'
import { benchStart } from './start.ts'
import { benchStore } from './store.ts'
import { printRows, type Row } from './table.ts'
import { benchTokenEndpoint } from './token-endpoint.ts'
import { benchVerification } from './verification.ts'

const benches: Record<string, () => Promise<Row[]>> = {
  start: benchStart,
  token: benchTokenEndpoint,
  cluster: benchCluster,
  flows: benchFlows,
  passwords: benchPasswords,
  verification: benchVerification,
  revocation: benchRevocation,
  store: benchStore,
  growth: benchGrowth,
}

const { values, positionals: wanted } = parseArgs({ allowPositionals: true, options: { svg: { type: 'string' } } })
const unknown = wanted.filter((name) => !Object.hasOwn(benches, name))
if (unknown.length > 0) {
  console.error(`There is no ${unknown.join(', ')}: there are ${Object.keys(benches).join(', ')}.`)
  process.exit(1)
}
const all: Row[] = []
for (const [name, run] of Object.entries(benches)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue
  process.stderr.write(`${name} …\n`)
  const rows = await run()
  printRows(rows)
  all.push(...rows)
}
if (values.svg !== undefined) writeFileSync(values.svg, chartOf(all))
process.exit(0)
