/** Answers that arrive as a form (OAuth 2.0 Form Post Response Mode), up to the request that a browser would make of the page. */
import type { Page, Visitor } from '../../src/try/visitor.ts'
import { password } from './story.ts'

export interface Posted {
  /** What the client's callback is sent: openid-client takes it as it is. */
  request: Request
  fields: Record<string, string>
  status: number
  policy: string
}

/** Signs in and allows where that is asked, and presses the button that scripts press by themselves. */
export async function formAnswer(
  visitor: Visitor,
  page: Page,
  { callback, allow = true }: { callback: string; allow?: boolean },
): Promise<Posted> {
  let current = page
  if (current.forms.some(({ action }) => action.endsWith('/sign-in')))
    current = await visitor.submit(current, '/sign-in', { email: 'ada@example.com', password })
  if (current.forms.some(({ action }) => action.endsWith('/consent')))
    current = await visitor.submit(current, '/consent', { decision: allow ? 'allow' : 'deny' })
  const form = current.forms.find(({ action }) => action === callback)
  if (!form) throw new Error(`no answer in ${current.url} (${current.status}): ${current.html}`)
  const headers = { 'content-type': 'application/x-www-form-urlencoded' }
  return {
    request: new Request(callback, { method: 'POST', headers, body: new URLSearchParams(form.fields) }),
    fields: Object.fromEntries(form.fields),
    status: current.status,
    policy: current.headers.get('content-security-policy') ?? '',
  }
}
