/** Whoever is signed in at a browser in which a link signs in somebody else. They leave as by a sign-out, and the page says so before. */
import type { Context } from 'koa'
import type { Provider } from 'oidc-provider'
import type { Accounts } from '../../accounts/account.ts'
import { networkOf } from '../../accounts/networks.ts'
import type { Audit } from '../../audit/audit.ts'
import { notePerson } from '../../base/request.ts'
import { endSession } from '../../oauth/logout/endings.ts'
import { signedInHere } from '../account/person.ts'

export interface SomebodyElse {
  /** @param self whose being there is no matter */
  at(ctx: Context, self?: string): Promise<{ email: string } | undefined>
  leaves(ctx: Context, self?: string): Promise<void>
}

export function createSomebodyElse(parts: { provider: Provider; accounts: Accounts; audit: Audit }): SomebodyElse {
  const { provider, accounts, audit } = parts

  async function present(ctx: Context, self: string | undefined) {
    const here = await signedInHere({ provider, accounts }, ctx)
    return here?.account.id === self ? undefined : here
  }

  return {
    at: async (ctx, self) => (await present(ctx, self))?.account,
    async leaves(ctx, self) {
      const there = await present(ctx, self)
      if (!there) return
      const account = there.account.id
      const from = networkOf(ctx.ip)
      notePerson({ account, network: from })
      await endSession(provider, there.session)
      await audit.record('session.ended', { actor: `account:${account}`, account, from, detail: { by: 'link' } })
    },
  }
}
