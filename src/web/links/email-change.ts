/**
 * The page of a link that proves a new address. Whoever reads the letter need not be the account's person, so it is confirmed signed in, and
 * lately: whoever is not goes to sign in and comes back.
 */
import type { Context } from 'koa'
import type { EmailChanges, EmailLink } from '../../accounts/email-change.ts'
import { Refusal } from '../../base/errors.ts'
import { ownPages, signInFor } from '../../oauth/clients/own-client.ts'
import type { Pages } from '../../pages/render.ts'
import type { Account } from '../../store/store.ts'
import { from } from '../account/page.ts'
import { freshSeconds, type PersonParts, present } from '../account/person.ts'
import type { WayBack } from '../account/way-back.ts'
import type { LandingPage } from '../landing.ts'
import { show } from '../page.ts'
import type { Said } from '../said.ts'
import { seeOther } from '../see-other.ts'

export interface EmailLinkParts extends PersonParts {
  emails: EmailChanges
  pages: Pages
  said: Said
  wayBack: WayBack
}

export function emailChangePage(parts: EmailLinkParts): LandingPage<EmailLink> {
  const { emails, issuer, pages, said, wayBack } = parts

  /** @returns undefined when the person was sent to sign in. @throws Refusal `link_of_another` 403, `link_used` 410 */
  async function confirming(ctx: Context, link: EmailLink): Promise<Account | undefined> {
    const account = await emails.find(link)
    const person = await present(parts, ctx)
    if (person && person.account.id !== account.id) throw ofAnother()
    if (person?.isFresh) return account
    wayBack.note(ctx)
    seeOther(ctx, signInFor(issuer, ownPages.email, freshSeconds))
    return undefined
  }

  return {
    purpose: 'email-change',
    next: {
      heading: 'This link is not good any more',
      sentence: 'If you still want another address, ask for it once more.',
      way: { href: ownPages.email, label: 'Change your e-mail address' },
    },
    async show(ctx, { content, action, csrf }) {
      const account = await confirming(ctx, content)
      if (account) show(pages, ctx, 'emailChange', { action, csrf, present: account.email, email: content.e })
    },
    async act(ctx, { content, close }) {
      if (!(await confirming(ctx, content))) return
      await emails.change(content, from(ctx))
      close()
      said.say(ctx, 'email')
      seeOther(ctx, ownPages.account)
    },
  }
}

function ofAnother(): Refusal {
  return new Refusal('link_of_another', 'This link belongs to another account than the one that is signed in here.', {
    status: 403,
    next: {
      heading: 'Signed in as somebody else',
      sentence: 'Sign out, and open the link once more.',
      way: { href: '/session/end', label: 'Sign out' },
    },
  })
}
