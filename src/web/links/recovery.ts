/** The page of a recovery link: another password, and then the way to sign in with it, where it was asked for if that is still open here. */
import type { Context } from 'koa'
import type { Recovery, RecoveryLink } from '../../accounts/recovery.ts'
import { recoveryPath } from '../../accounts/told.ts'
import type { Refusal } from '../../base/errors.ts'
import { ownPages, signInFor } from '../../oauth/clients/own-client.ts'
import type { Pages } from '../../pages/render.ts'
import type { ApiKeys } from '../../tokens/api-keys.ts'
import { endKeysBox, saidOfKeys } from '../account/end-keys.ts'
import { from } from '../account/page.ts'
import { field } from '../form.ts'
import { againPath } from '../interaction/step.ts'
import type { KnownDevices } from '../known-devices.ts'
import type { Landed, LandingPage } from '../landing.ts'
import { inWords, show } from '../page.ts'
import type { Said } from '../said.ts'
import { seeOther } from '../see-other.ts'

export interface RecoveryLinkParts {
  recovery: Recovery
  devices: Pick<KnownDevices, 'note'>
  apiKeys: Pick<ApiKeys, 'list'>
  issuer: string
  pages: Pages
  /** On the sign-in page. */
  said: Said
}

export function recoveryLinkPage({
  recovery,
  devices,
  apiKeys,
  issuer,
  pages,
  said,
}: RecoveryLinkParts): LandingPage<RecoveryLink> {
  async function ask(
    ctx: Context,
    { content, action, csrf }: Landed<RecoveryLink>,
    isTicked: boolean,
    fault?: Refusal,
  ): Promise<void> {
    const account = await recovery.find(content)
    const keys = await endKeysBox(apiKeys, account, isTicked)
    show(pages, ctx, 'recoveryPassword', { action, csrf, email: account.email, keys, error: inWords(fault) }, fault)
  }

  return {
    purpose: 'recovery',
    next: {
      heading: 'This link is not good any more',
      sentence: 'If you still need another password, ask for a new link.',
      way: { href: recoveryPath, label: 'Ask for a new link' },
    },
    show: (ctx, landed) => ask(ctx, landed, true),
    again: (ctx, landed, form, fault) => ask(ctx, landed, saidOfKeys(form) !== 'keep', fault),
    async act(ctx, { content, close }, form) {
      const keys = saidOfKeys(form)
      // One that was made since the page was shown is nobody's who reads these letters.
      const endKeys = keys !== 'keep'
      const account = await recovery.setPassword(content, field(form, 'password'), from(ctx), { endKeys })
      // Whoever guesses at this account from everywhere else must not keep its person from the sign-in that comes now.
      devices.note(ctx, account)
      close()
      said.say(ctx, keys === 'end' ? 'recoveredAndKeys' : 'recovered')
      seeOther(ctx, content.i === undefined ? signInFor(issuer, ownPages.account) : againPath(content.i))
    },
  }
}
