/** The pages of a sign-out (RP-Initiated Logout s2), which any site may lead a person to: nothing ends unless they say so there. */
import type { Context, Middleware } from 'koa'
import type { KoaContextWithOIDC } from 'oidc-provider'
import type { Accounts } from '../accounts/account.ts'
import type { ProviderPages } from '../oauth/parts.ts'
import type { Pages } from '../pages/render.ts'

interface SignOutParts {
  pages: Pages
  accounts: Accounts
}

/** What the library keeps in the session between the page and its form. */
interface Asked {
  secret: string
  clientId?: string | undefined
}

const action = '/session/end/confirm'

export function signOutPages({ pages, accounts }: SignOutParts): Pick<ProviderPages, 'logout' | 'signedOut'> {
  return {
    async logout(ctx) {
      const { client, provider, session } = ctx.oidc
      const asked = askedIn(session) as Asked
      // Whoever stays would otherwise be signed out of this client alone. For whoever leaves it makes no difference.
      asked.clientId = undefined
      // As it was saved: a page that is open in another tab stays good.
      asked.secret = askedIn(await provider.Session.find(String(session?.jti)))?.secret ?? asked.secret
      ctx.type = 'html'
      ctx.body = pages.render('logout', {
        action,
        xsrf: asked.secret,
        client: client && { name: client.clientName ?? client.clientId },
        account: await accounts.findActive(session?.accountId ?? ''),
      })
    },
    signedOut(ctx) {
      ctx.type = 'html'
      ctx.body = pages.render('signedOut', {})
    },
  }
}

/** Whoever stays is told so, and not sent where the library sends everybody: to the page, or to the app's page, of a sign-out. */
export function stayingIn({ pages, accounts }: SignOutParts): Middleware {
  return async (ctx, next) => {
    await next()
    if (ctx.path !== action || ctx.status !== 303 || oidcOf(ctx).params?.logout) return
    ctx.status = 200
    ctx.remove('Location')
    ctx.type = 'html'
    ctx.body = pages.render('stillSignedIn', { account: await accounts.findActive(oidcOf(ctx).session?.accountId ?? '') })
  }
}

const oidcOf = (ctx: Context) => (ctx as unknown as KoaContextWithOIDC).oidc
const askedIn = (session: object | undefined) => (session as { state?: Asked } | undefined)?.state
