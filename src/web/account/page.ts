/** What the pages of an account have in common. */
import type { Context } from 'koa'
import type { Attempts } from '../../accounts/attempts.ts'
import { networkOf } from '../../accounts/networks.ts'
import type { By, OwnAccount } from '../../accounts/own-account.ts'
import type { Mailer } from '../../mail/mailer.ts'
import type { Pages } from '../../pages/render.ts'
import type { Account } from '../../store/store.ts'
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

export const from = (ctx: Context): By => ({ from: networkOf(ctx.ip) })

/** Of what a person does to what is theirs. */
export const actor = (ctx: Context, { id }: Account) => ({ actor: `account:${id}`, ...from(ctx) }) as const
