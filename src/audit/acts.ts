/** What can be in the audit log, by names that stay. */
export const acts = [
  'account.added',
  'account.disabled',
  'account.enabled',
  'account.password_set',
  'account.name_set',
  'account.recovered',
  'account.email_set',
  'account.email_restored',
  'account.roles_set',
  'account.claims_set',
  'client.added',
  'client.removed',
  'client.secret_rotated',
  'keys.rotated',
  'key.revoked',
  'keys.imported',
  'secrets.rotated',
  'secret.forgotten',
  'database.backed_up',
  'database.restored',
  'consent.granted',
  'grant.ended',
  'session.ended',
  'session.began',
] as const

export type Act = (typeof acts)[number]
