/** Whose roles a request is judged by. */
import type { KoaContextWithOIDC } from 'oidc-provider'

/** Acts in nobody's name (RFC 6749 s4.4), so that its registration is the whole of its permission. */
export const isMachine = (ctx: KoaContextWithOIDC): boolean => ctx.oidc.params?.grant_type === 'client_credentials'

/**
 * @param person who is known so far
 * @returns undefined for a machine alone; of somebody who is not known, or not yet, nothing is allowed that needs a role
 */
export function rolesOf(ctx: KoaContextWithOIDC, person: object | undefined = ctx.oidc.account): string[] | undefined {
  if (isMachine(ctx)) return undefined
  return (person as { roles?: string[] } | undefined)?.roles ?? []
}
