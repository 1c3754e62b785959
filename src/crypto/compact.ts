/**
 * Whether a token in the compact serialization (RFC 7515 s7.1, RFC 7516 s7.1) is written in the one way there is. Decoders are lenient about
 * base64url (padding, `+/`, last bits that are not zero): with them two strings are one token, and a list of one does not know the other.
 * Does NOT check: how many parts there are, nor what they say.
 */
export const isCanonical = (token: string): boolean =>
  token.split('.').every((part) => Buffer.from(part, 'base64url').toString('base64url') === part)
