/** Which key a token is bound to, by its `cnf` claim: RFC 9449 s6.1. */
import type { JsonObject } from './compact.ts'

/** @returns the thumbprint of the key, where that is all that the token is bound by */
export function boundKeyOf({ cnf }: JsonObject): string | undefined {
  if (typeof cnf !== 'object' || cnf === null || Object.keys(cnf).length !== 1) return undefined
  const { jkt } = cnf as { jkt?: unknown }
  return typeof jkt === 'string' ? jkt : undefined
}
