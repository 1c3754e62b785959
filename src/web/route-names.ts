/**
 * What a path is called where a path must not stand: in the log and in metrics. A closed list, since strangers choose paths, and ids and
 * codes lie in some. Routes of the library have the library's names.
 */
const exact: Record<string, string> = {
  '/': 'home',
  '/auth': 'authorization',
  '/token': 'token',
  '/par': 'pushed_authorization_request',
  '/userinfo': 'userinfo',
  '/introspection': 'introspection',
  '/revocation': 'revocation',
  '/revocations': 'revocations',
  '/session/end': 'end_session',
  '/session/end/confirm': 'end_session_confirm',
  '/session/end/success': 'end_session_success',
  '/device': 'code_verification',
  '/device/auth': 'device_authorization',
  '/jwks': 'jwks',
  '/.well-known/jwks.json': 'jwks',
  '/.well-known/openid-configuration': 'discovery',
  '/.well-known/oauth-authorization-server': 'discovery',
  '/api-keys/leaked': 'leaked_keys',
  '/recovery': 'recovery',
  '/account': 'account',
  '/account/name': 'account_name',
  '/account/email': 'account_email',
  '/account/password': 'account_password',
  '/account/delete': 'account_delete',
  '/account/deleted': 'account_deleted',
  '/account/keys': 'account_keys',
  '/account/keys/new': 'account_keys_new',
  '/sign-up': 'sign_up',
  '/sign-up/again': 'sign_up',
  '/health/live': 'health_live',
  '/health/ready': 'health_ready',
  '/dev/mail': 'inbox',
}

const patterns: [RegExp, string][] = [
  [/^\/auth\/[^/]+$/, 'resume'],
  [/^\/device\/[^/]+$/, 'device_resume'],
  [/^\/interaction\/[^/]+\/?$/, 'interaction'],
  [/^\/interaction\/[^/]+\/(sign-in|link|select-account|consent|cancel|switch|again)$/, 'interaction_form'],
  [/^\/link\/[a-z-]+(\/[0-9a-f]{16})?$/, 'link'],
  [/^\/account\/keys\/[^/]+$/, 'account_key'],
  [/^\/assets\//, 'asset'],
  [/^\/dev\/mail\//, 'inbox'],
]

/** @param target of a request, its query included @returns `other` for whatever is not known */
export function routeOf(target: string): string {
  const [path = ''] = target.split('?')
  if (Object.hasOwn(exact, path)) return exact[path] as string
  return patterns.find(([pattern]) => pattern.test(path))?.[1] ?? 'other'
}
