/**
 * Two warnings that say nothing to whoever reads them here, left out by their exact words; every other passes. To be imported before anything else.
 *
 * oidc-provider warns at import about every Node that is not yet a long-term release, and Node 24 calls its SQLite experimental. Which versions
 * serve is in `engines`, and both ends of that range are tested.
 */
const { warn } = console
const emitWarning = process.emitWarning

console.warn = (...words: unknown[]) => {
  if (!String(words[0]).includes('oidc-provider WARNING: Unsupported runtime')) warn(...words)
}

process.emitWarning = ((warning: string | Error, ...rest: never[]) => {
  if (!String(warning).includes('SQLite is an experimental feature')) emitWarning(warning, ...rest)
}) as NodeJS.Process['emitWarning']
