#!/usr/bin/env node
/**
 * The command line, started fast. Plain JavaScript on purpose: what switches the compile cache on cannot come out of it, so a TypeScript
 * entry loads the type stripper at every start, a tenth of a second and fifteen megabytes. `node src/cli.ts` does the same, slower.
 */
const { begin } = await import('./ready.mjs')
await begin(() => import('../src/cli.ts'))
