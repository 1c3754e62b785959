// Preloaded: writes down what a process and its threads load, a line each, into the file that LOADED names.
import { appendFileSync } from 'node:fs'
import { registerHooks } from 'node:module'

registerHooks({
  load(url, context, nextLoad) {
    appendFileSync(process.env.LOADED, `${url}\n`)
    return nextLoad(url, context)
  },
})
