/** The scopes of OpenID Connect: which claims each releases, and the sentence that a person reads before allowing it. */

export interface IdentityScope {
  claims: string[]
  sentence: string
  /** Cannot be unticked at consent: without it there is no sign-in. */
  required: boolean
}

/** OpenID Connect Core s5.4 and s11. The claims that stand here are the ones that an account has (`accounts/account.ts`). */
export const identityScopes: Record<string, IdentityScope> = {
  openid: { claims: ['sub'], sentence: 'Sign you in and recognise you the next time', required: true },
  profile: { claims: ['name'], sentence: 'See your name', required: false },
  email: { claims: ['email', 'email_verified'], sentence: 'See your e-mail address', required: false },
  offline_access: { claims: [], sentence: 'Keep this access while you are away', required: false },
}

export const identityScopeNames = Object.keys(identityScopes)

/** A scope parameter (RFC 6749 s3.3) as its distinct names, in order. */
export function splitScope(scope: unknown): string[] {
  return typeof scope === 'string' ? [...new Set(scope.split(' ').filter(Boolean))] : []
}
