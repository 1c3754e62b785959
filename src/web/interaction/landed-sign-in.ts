/**
 * Where a link that signs somebody in lands. It goes on in the sign-in in which it was asked for, if that is under way in this browser; else it signs in
 * here, at the person's own account. The page says whose account it is and needs a click, so that nobody is signed in as somebody else unawares.
 */
import { countedFrom } from '../../accounts/credentials.ts'
import type { SignInLink } from '../../accounts/sign-in-links.ts'
import type { OurClient } from '../../oauth/clients/our-client.ts'
import { ownPages } from '../../oauth/clients/own-client.ts'
import { interactionPath } from '../../oauth/cookies.ts'
import type { LandingPage } from '../landing.ts'
import { seeOther } from '../see-other.ts'
import { appOf, type InteractionParts, type LinkSignIns } from './step.ts'

export function signInLanding(parts: InteractionParts, { links, asked }: LinkSignIns): LandingPage<SignInLink> {
  const { provider, somebodyElse, pages, headers, tickets, now } = parts

  return {
    purpose: 'sign-in',
    next: {
      heading: 'This link is over',
      sentence: 'You can sign in, or ask for another link there.',
      way: { href: ownPages.account, label: 'Sign in' },
    },

    async show(ctx, { content, action, csrf }) {
      const account = await links.find(content)
      const here = asked.find(content.u)
      const client = here && ((await provider.Client.find(here.client)) as OurClient | undefined)
      const { name, email } = account
      if (client) ctx.set('Content-Security-Policy', headers.policyShowing(client.logoUri))
      ctx.body = pages.render('signInByLink', {
        action,
        csrf,
        account: { name, email },
        client: client && appOf(client),
        leaves: here ? undefined : (await somebodyElse.at(ctx, account.id))?.email,
      })
    },

    async act(ctx, { content, close }) {
      const account = await links.find(content)
      const { signInVersion, credentialsVersion, accessEndedAt } = account
      const after = { signInVersion, credentialsVersion }
      const uid = asked.find(content.u)?.uid
      // Where a sign-in under way is gone on with, the protocol asks about whoever else is there.
      if (uid === undefined) await somebodyElse.leaves(ctx, account.id)
      tickets.give({ account: account.id, amr: ['email'], by: 'link', provenAt: countedFrom(now(), accessEndedAt), after }, uid)
      close()
      seeOther(ctx, uid === undefined ? ownPages.account : interactionPath(uid))
    },
  }
}
