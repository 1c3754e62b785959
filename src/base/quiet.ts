/**
 * Three warnings that say nothing to whoever reads them here, left out by their exact words; every other passes. To be imported before anything else.
 *
 * oidc-provider warns at import about every Node that is not yet a long-term release, Node 24 calls its SQLite experimental, and every Node the ML-DSA
 * of its WebCrypto, by which jose reads tokens of APIs that chose it. Which versions serve is in `engines`, and both ends of that range are tested.
 */
const { warn } = console
const emitWarning = process.emitWarning

console.warn = (...words: unknown[]) => {
  if (!String(words[0]).includes('oidc-provider WARNING: Unsupported runtime')) warn(...words)
}

process.emitWarning = ((warning: string | Error, ...rest: never[]) => {
  const isQuiet = /SQLite is an experimental feature|ML-DSA-\d\d Web Crypto API algorithm is an experimental feature/.test(
    String(warning),
  )
  if (!isQuiet) emitWarning(warning, ...rest)
}) as NodeJS.Process['emitWarning']
