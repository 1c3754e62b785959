/** The page of the link that takes a change of the address back. Nobody need be signed in: whoever changed it may be the only one who can. */
import type { EmailChanges, UndoLink } from '../../accounts/email-change.ts'
import { recoveryPath } from '../../accounts/told.ts'
import type { Pages } from '../../pages/render.ts'
import { from } from '../account/page.ts'
import type { LandingPage } from '../landing.ts'
import { show } from '../page.ts'

export function emailUndoPage({ emails, pages }: { emails: EmailChanges; pages: Pages }): LandingPage<UndoLink> {
  return {
    purpose: 'email-undo',
    next: {
      heading: 'This link is not good any more',
      sentence: 'If the account has this address again and you have no password, ask for a link to choose one.',
      way: { href: recoveryPath, label: 'Choose another password' },
    },
    async show(ctx, { content, action, csrf }) {
      await emails.findUndo(content)
      show(pages, ctx, 'emailUndo', { action, csrf, email: content.e })
    },
    async act(ctx, { content, close }) {
      await emails.undo(content, from(ctx))
      close()
      show(pages, ctx, 'emailUndone', { email: content.e })
    },
  }
}
