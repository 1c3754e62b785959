/** The steps of signing in a device (RFC 8628): what the device sends, and what its person does on another screen. */

import { grantTypes } from '../../src/settings/client/kinds.ts'
import { createVisitor, type Page, type Visitor } from '../../src/try/visitor.ts'
import type { TestServer } from './server.ts'
import { type Credentials, type Parameters, password, type TokenAnswer, token } from './story.ts'

export interface Device {
  client: Credentials
  device_code: string
  user_code: string
  verification_uri: string
  verification_uri_complete: string
  expires_in: number
  interval: number
}

export const deviceGrant = grantTypes.device_code

/** The device's request, answered as it may be. */
export function askForCode(
  server: TestServer,
  { id }: Credentials,
  parameters: Record<string, string> = {},
  headers: Record<string, string> = {},
): Promise<Response> {
  const body = new URLSearchParams({ client_id: id, scope: 'openid notes:read', ...parameters })
  return fetch(new URL('/device/auth', server.issuer), { method: 'POST', body, headers })
}

export async function deviceFor(
  server: TestServer,
  client: Credentials,
  parameters: Record<string, string> = {},
  agent = 'NotesTV/1.0',
): Promise<Device> {
  const response = await askForCode(server, client, parameters, { 'user-agent': agent })
  const body = (await response.json()) as Omit<Device, 'client'>
  if (response.status !== 200) throw new Error(JSON.stringify(body))
  return { client, ...body }
}

export function poll(server: TestServer, { client, device_code }: Device, changes: Parameters = {}): Promise<TokenAnswer> {
  return token(server, client, { grant_type: deviceGrant, device_code, ...changes })
}

/** From the page that asks for the code to the one that shows it again. */
export async function enterCode(visitor: Visitor, code: string): Promise<Page> {
  return visitor.submit(await visitor.open('/device'), '/device', { user_code: code })
}

/** Says that it is the code, and signs in where that is asked. @returns the consent page, unless there is none */
export async function confirmCode(visitor: Visitor, page: Page, email = 'ada@example.com'): Promise<Page> {
  const next = await visitor.submit(page, '/device', { confirm: 'yes' })
  const asked = next.forms.some(({ action }) => action.endsWith('/sign-in'))
  return asked ? visitor.submit(next, '/sign-in', { email, password }) : next
}

/** All that a person does to let a device in. @returns the last page */
export async function letIn(server: TestServer, { user_code }: Device, visitor = createVisitor(server.issuer)): Promise<Page> {
  const consent = await confirmCode(visitor, await enterCode(visitor, user_code))
  return visitor.submit(consent, '/consent', { decision: 'allow' })
}
