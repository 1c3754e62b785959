/** The pages that the protocol library asks for by itself. */
import type { Accounts } from '../accounts/account.ts'
import type { Log } from '../base/log.ts'
import type { ProviderPages } from '../oauth/parts.ts'
import type { Refusals } from '../pages/refusals.ts'
import type { Pages } from '../pages/render.ts'
import { devicePages } from './device/pages.ts'
import type { Headers } from './headers.ts'
import { sayNo } from './say-no.ts'
import { signOutPages } from './sign-out.ts'

export interface ProtocolPagesParts {
  pages: Pages
  refusals: Refusals
  headers: Headers
  accounts: Accounts
  log: Log
}

export function protocolPages({ pages, refusals, headers, accounts, log }: ProtocolPagesParts): ProviderPages {
  return {
    ...signOutPages({ pages, accounts }),
    device: devicePages({ pages, refusals, headers, log }),
    error(ctx, out) {
      // RFC 6749 s5.2: these say no in JSON, whatever the request would rather read.
      if (forPrograms.has(ctx.oidc.route)) ctx.body = out
      else sayNo(ctx, refusals, { ...out, status: ctx.status })
    },
  }
}

/** The library's names of the routes that no person ever looks at. */
const forPrograms = new Set([
  'token',
  'userinfo',
  'introspection',
  'revocation',
  'pushed_authorization_request',
  'device_authorization',
])
