#!/usr/bin/env node
/**
 * The command line. It switches the compile cache on before anything else is loaded, since what is loaded already is not cached; and a server
 * that starts does not load what reads its operator's other wishes.
 */
import { enableCompileCache } from 'node:module'

enableCompileCache()
if (process.argv[2] === 'serve' && process.argv.length === 3) {
  const [{ run }, { serve }] = await Promise.all([import('./cli/run.ts'), import('./cli/serve.ts')])
  await run(serve)()
} else {
  const { runProgram } = await import('./cli/program.ts')
  await runProgram(process.argv.slice(2))
}
