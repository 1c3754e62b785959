/**
 * The page on which a person chooses another password. It asks for the present one, through the limits of guessing, and not for a fresh sign-in
 * besides. Everything that was signed in ends; this browser is signed in anew by the proof that it has just given.
 */
import type Router from '@koa/router'
import type { Context } from 'koa'
import { countedFrom } from '../../accounts/credentials.ts'
import { recoveryPath } from '../../accounts/told.ts'
import { Refusal } from '../../base/errors.ts'
import { ownPages, signInFor } from '../../oauth/clients/own-client.ts'
import type { Account } from '../../store/store.ts'
import { field } from '../form.ts'
import { trySignIn } from '../interaction/sign-in.ts'
import { inWords, refusalIn, show } from '../page.ts'
import { seeOther } from '../see-other.ts'
import { type AccountPageParts, from } from './page.ts'
import { posting, type SignedIn, visiting } from './person.ts'

const wanted = { page: ownPages.password } as const

export function passwordPage(router: Router, parts: AccountPageParts): void {
  const { own, pages, said, tickets, devices, issuer, now } = parts
  const recoveryHref = parts.mailer.delivers ? recoveryPath : undefined
  const ask = (ctx: Context, { account: { email }, csrf }: SignedIn, fault?: Refusal) =>
    show(pages, ctx, 'accountPassword', { action: wanted.page, csrf, email, recoveryHref, error: inWords(fault) }, fault)

  /** @returns the account as it was when its password was the one that was given. @throws Refusal */
  async function proven(ctx: Context, account: Account, current: string): Promise<Account> {
    const device = devices.nameFor(ctx, account)
    const attempt = await trySignIn(parts, { email: account.email, address: ctx.ip, device }, current)
    if (!('error' in attempt)) return attempt
    const { error, ...rest } = attempt
    const sentence = error.code === 'wrong_credentials' ? 'The current password is wrong.' : error.sentence
    throw new Refusal(error.code, sentence, rest)
  }

  async function change(ctx: Context, account: Account, form: URLSearchParams): Promise<void> {
    const present = await proven(ctx, account, field(form, 'current'))
    const endedAt = await own.setPassword(present, field(form, 'password'), from(ctx))
    tickets.give({ account: account.id, amr: ['pwd'], provenAt: countedFrom(now(), endedAt), withoutLetter: true })
  }

  router.get(wanted.page, async (ctx) => {
    const person = await visiting(parts, ctx, wanted)
    if (person) ask(ctx, person)
  })

  router.post(wanted.page, async (ctx) => {
    const person = await posting(parts, ctx, wanted)
    if (!person) return
    const { fault } = await refusalIn(change(ctx, person.account, person.form))
    if (fault) return ask(ctx, person, fault)
    said.say(ctx, 'password')
    seeOther(ctx, signInFor(issuer, ownPages.account))
  })
}
