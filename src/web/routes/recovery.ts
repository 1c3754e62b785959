/**
 * Where somebody goes who has forgotten their password: an address is typed, and a letter may come. What is answered is the same whoever has an
 * account, and so is what is done until then (`accounts/recovery.ts`).
 */
import Router from '@koa/router'
import { possibleEmailKey } from '../../accounts/email.ts'
import type { LetterLimits } from '../../accounts/letter-limits.ts'
import type { Recovery } from '../../accounts/recovery.ts'
import { recoveryPath } from '../../accounts/told.ts'
import { Refusal } from '../../base/errors.ts'
import type { Mailer } from '../../mail/mailer.ts'
import { interactionIn, interactionPath } from '../../oauth/cookies.ts'
import type { Pages } from '../../pages/render.ts'
import type { Csrf } from '../csrf.ts'
import { field, readForm } from '../form.ts'
import { inWords, refusalIn, show } from '../page.ts'

export interface RecoveryRouteParts {
  recovery: Recovery
  letterLimits: LetterLimits
  mailer: Pick<Mailer, 'delivers'>
  pages: Pages
  csrf: Csrf
}

/** The form is nobody's in particular: what it asks for harms nobody, and is limited. */
const about = 'recovery'

export function recoveryRoutes({ recovery, letterLimits, mailer, pages, csrf }: RecoveryRouteParts): Router {
  const router = new Router()

  router.use(recoveryPath, (_ctx, next) => {
    if (mailer.delivers) return next()
    throw new Refusal('no_letters', 'This server sends no letters, so a password cannot be replaced here. Ask its operator.', {
      status: 404,
    })
  })

  const model = (interaction: string | undefined) => ({
    action: recoveryPath,
    csrf: csrf.tokenFor(about),
    interaction,
    backHref: interaction && interactionPath(interaction),
  })

  router.get(recoveryPath, (ctx) => {
    show(pages, ctx, 'recovery', model(interactionIn(ctx.query.for)))
  })

  router.post(recoveryPath, async (ctx) => {
    const form = await readForm(ctx)
    csrf.check(about, form.get('csrf'))
    const email = field(form, 'email').trim()
    const interaction = interactionIn(form.get('for'))
    const { fault } = await refusalIn(ask(email, interaction, ctx.ip))
    if (fault) show(pages, ctx, 'recovery', { ...model(interaction), email, error: inWords(fault) }, fault)
    else show(pages, ctx, 'recoverySent', { ...model(interaction), email })
  })

  async function ask(email: string, interaction: string | undefined, address: string): Promise<void> {
    if (possibleEmailKey(email) === undefined) throw new Refusal('invalid_email', 'This is not an e-mail address.')
    await letterLimits.count('recovery', email, address)
    await recovery.ask(email, interaction)
  }
  return router
}
