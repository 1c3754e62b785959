/** The scopes of OpenID Connect: which claims each releases, and the sentences that a person reads before allowing it. */

export interface IdentityScope {
  /** What it releases; each with what a person sees of it when a client asks for that one claim alone. */
  claims: Record<string, string>
  sentence: string
  /** Cannot be unticked at consent: without it there is no sign-in. */
  required: boolean
}

/** OpenID Connect Core s5.4 and s11. What an account has of them is in `accounts/claims.ts`. */
export const identityScopes: Record<string, IdentityScope> = {
  openid: { claims: { sub: 'who you are' }, sentence: 'Sign you in and recognise you the next time', required: true },
  profile: {
    claims: {
      name: 'your name',
      given_name: 'your given name',
      family_name: 'your family name',
      middle_name: 'your middle name',
      nickname: 'your nickname',
      preferred_username: 'your user name',
      profile: 'your profile page',
      picture: 'your picture',
      website: 'your website',
      gender: 'your gender',
      birthdate: 'your date of birth',
      zoneinfo: 'your time zone',
      locale: 'your language',
      updated_at: 'when your profile last changed',
    },
    sentence: 'See your name and profile',
    required: false,
  },
  email: {
    claims: { email: 'your e-mail address', email_verified: 'whether your e-mail address is confirmed' },
    sentence: 'See your e-mail address',
    required: false,
  },
  address: { claims: { address: 'your postal address' }, sentence: 'See your postal address', required: false },
  phone: {
    claims: { phone_number: 'your phone number', phone_number_verified: 'whether your phone number is confirmed' },
    sentence: 'See your phone number',
    required: false,
  },
  offline_access: { claims: {}, sentence: 'Keep this access while you are away', required: false },
}

export const identityScopeNames = Object.keys(identityScopes)

/** The scope that releases a claim; undefined for a claim that nobody has, and for those of the protocol, which nobody is asked about. */
export function scopeOfClaim(claim: string): { name: string; sentence: string } | undefined {
  for (const [name, { claims, required }] of Object.entries(identityScopes))
    if (!required && Object.hasOwn(claims, claim)) return { name, sentence: `See ${claims[claim]}` }
  return undefined
}

/** A scope parameter (RFC 6749 s3.3) as its distinct names, in order. */
export function splitScope(scope: unknown): string[] {
  return typeof scope === 'string' ? [...new Set(scope.split(' ').filter(Boolean))] : []
}
