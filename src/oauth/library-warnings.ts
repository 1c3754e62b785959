/**
 * oidc-provider warns at import about every Node that is not yet a long-term release. The supported versions are in `engines` and are tested,
 * so that one line is left out; every other warning of the library passes. To be imported before it.
 */
const { warn } = console

console.warn = (...words: unknown[]) => {
  if (!String(words[0]).includes('oidc-provider WARNING: Unsupported runtime')) warn(...words)
}
