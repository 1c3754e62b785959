/** Tickets as this server gives them, put into a visitor's cookies: for tests of what a ticket opens, wherever it came from. */
import type { Context } from 'koa'
import { sealedCookieNames } from '../../src/oauth/cookies.ts'
import { withinRequest } from '../../src/oauth/records/request.ts'
import { createSealedCookie } from '../../src/oauth/records/sealed-cookies.ts'
import type { Visitor } from '../../src/try/visitor.ts'
import { createTickets, type Ticket } from '../../src/web/tickets.ts'
import type { TestServer } from './server.ts'
import { now } from './time.ts'

const { ticket: name } = sealedCookieNames(true)

export async function giveTicket({ parts }: TestServer, visitor: Visitor, ticket: Ticket, uid?: string): Promise<void> {
  const cookie = createSealedCookie({ name, secrets: parts.secrets, development: true, now })
  const set = (_: string, value: string, { path }: { path: string }) =>
    void visitor.cookies.set(`${name} ${path}`, { value, path, attributes: '' })
  await withinRequest({ cookies: { set } } as unknown as Context, async () => createTickets(cookie, now).give(ticket, uid))
}
