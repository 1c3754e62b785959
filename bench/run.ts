/** `npm run bench [name …]`: every figure as a ratio against a control in the same run. Identical runs differ by a tenth; trust ratios alone. */
import { benchStart } from './start.ts'
import { printRows, type Row } from './table.ts'
import { benchTokenEndpoint } from './token-endpoint.ts'
import { benchVerification } from './verification.ts'

const benches: Record<string, () => Promise<Row[]>> = {
  start: benchStart,
  token: benchTokenEndpoint,
  verification: benchVerification,
}

const wanted = process.argv.slice(2)
for (const [name, run] of Object.entries(benches)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue
  process.stderr.write(`${name} …\n`)
  printRows(await run())
}
process.exit(0)
