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
import type { ApiKeys } from '../../tokens/api-keys.ts'
import { field } from '../form.ts'
import { trySignIn } from '../interaction/sign-in.ts'
import { inWords, refusalIn, show } from '../page.ts'
import { seeOther } from '../see-other.ts'
import { endKeysBox, saidOfKeys } from './end-keys.ts'
import { type AccountPageParts, from } from './page.ts'
import { posting, type SignedIn, visiting } from './person.ts'

const wanted = { page: ownPages.password } as const

export interface PasswordPageParts extends AccountPageParts {
  apiKeys: Pick<ApiKeys, 'list'>
}

export function passwordPage(router: Router, parts: PasswordPageParts): void {
  const { own, apiKeys, pages, said, tickets, devices, issuer, now } = parts
  const recoveryHref = parts.mailer.delivers ? recoveryPath : undefined

  async function ask(ctx: Context, { account, csrf }: SignedIn, isTicked: boolean, fault?: Refusal): Promise<void> {
    const { email } = account
    const keys = await endKeysBox(apiKeys, account, isTicked)
    show(pages, ctx, 'accountPassword', { action: wanted.page, csrf, email, recoveryHref, keys, error: inWords(fault) }, fault)
  }

  /** @returns the account as it was when its password was the one that was given. @throws Refusal */
  async function proven(ctx: Context, account: Account, current: string): Promise<Account> {
    const device = devices.nameFor(ctx, account)
    const attempt = await trySignIn(parts, { email: account.email, address: ctx.ip, device }, current)
    if (!('error' in attempt)) return attempt
    const { error, ...rest } = attempt
    const sentence = error.code === 'wrong_credentials' ? 'The current password is wrong.' : error.sentence
    throw new Refusal(error.code, sentence, rest)
  }

  async function change(ctx: Context, account: Account, form: URLSearchParams, endKeys: boolean): Promise<void> {
    const present = await proven(ctx, account, field(form, 'current'))
    const endedAt = await own.setPassword(present, field(form, 'password'), from(ctx), { endKeys })
    tickets.give({ account: account.id, amr: ['pwd'], provenAt: countedFrom(now(), endedAt), withoutLetter: true })
  }

  router.get(wanted.page, async (ctx) => {
    const person = await visiting(parts, ctx, wanted)
    if (person) await ask(ctx, person, false)
  })

  router.post(wanted.page, async (ctx) => {
    const person = await posting(parts, ctx, wanted)
    if (!person) return
    const endKeys = saidOfKeys(person.form) === 'end'
    const { fault } = await refusalIn(change(ctx, person.account, person.form, endKeys))
    if (fault) return ask(ctx, person, endKeys, fault)
    said.say(ctx, endKeys ? 'passwordAndKeys' : 'password')
    seeOther(ctx, signInFor(issuer, ownPages.account))
  })
}
