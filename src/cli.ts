#!/usr/bin/env node
/** The command line. It switches the compile cache on before anything else is loaded, since what is loaded already is not cached. */
import { enableCompileCache } from 'node:module'

enableCompileCache()
await import('./cli/program.ts')
