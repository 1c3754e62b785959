/** How the pages of an account are shown, and how a form says no. */
import type { Context } from 'koa'
import type { Attempts } from '../../accounts/attempts.ts'
import { networkOf } from '../../accounts/networks.ts'
import type { By, OwnAccount } from '../../accounts/own-account.ts'
import { Refusal } from '../../base/errors.ts'
import type { Mailer } from '../../mail/mailer.ts'
import type { Page, PageModels } from '../../pages/pages.ts'
import type { Pages } from '../../pages/render.ts'
import type { KnownDevices } from '../known-devices.ts'
import type { Said } from '../said.ts'
import type { Tickets } from '../tickets.ts'
import type { PersonParts } from './person.ts'

export interface AccountPageParts extends PersonParts {
  own: OwnAccount
  attempts: Attempts
  tickets: Tickets
  devices: KnownDevices
  mailer: Pick<Mailer, 'delivers'>
  pages: Pages
  said: Said
}

/** @param fault of the form, which the model has in words */
export function show<P extends Page>(pages: Pages, ctx: Context, page: P, model: PageModels[P], fault?: Refusal): void {
  ctx.status = fault ? statusOf(fault) : 200
  ctx.type = 'html'
  if (fault?.retryAfterSeconds !== undefined) ctx.set('Retry-After', String(fault.retryAfterSeconds))
  ctx.body = pages.render(page, model)
}

/** What was typed is well-formed, and not accepted (RFC 9110 s15.5.21). */
const statusOf = ({ status }: Refusal): number => (status === 400 ? 422 : status)

export const inWords = (fault: Refusal | undefined) => fault && { code: fault.code, sentence: fault.message }

export const from = (ctx: Context): By => ({ from: networkOf(ctx.ip) })

/** @returns what is to be said on the page of the form; what is no refusal goes its way. */
export async function refusalOf(doing: Promise<unknown>): Promise<Refusal | undefined> {
  try {
    await doing
    return undefined
  } catch (cause) {
    if (cause instanceof Refusal) return cause
    throw cause
  }
}
