/** Eight who sign in at every moment, rightly or wrongly, on a thread of their own, so that whoever counts tokens meanwhile is not held up by them. */
import { parentPort, workerData } from 'node:worker_threads'
import { createVisitor } from '../src/try/visitor.ts'
import { authorizationUrl, passThrough, pkce } from '../test/support/story.ts'

export interface Lanes {
  /** Of the server. */
  url: string
  kind: 'wrong' | 'right'
}

const atOnce = 8

export const signInUrl = (url: string) => authorizationUrl(url, 'bench-web', pkce().challenge)

/** On one sign-in page, again and again: a request, a hash, the page. */
export async function refuserOf(url: string): Promise<(email: string) => Promise<void>> {
  const visitor = createVisitor(url)
  const page = await visitor.open(signInUrl(url))
  return async (email) => {
    const { status } = await visitor.submit(page, '/sign-in', { email, password: 'wrong horse battery staple' })
    if (status !== 422) throw new Error(`${url}: ${status} for ${email}`)
  }
}

async function signIn(url: string): Promise<void> {
  const visitor = createVisitor(url)
  await passThrough(visitor, await visitor.open(signInUrl(url)), { email: 'ada@example.com' })
}

let strangers = 0

async function lane({ url, kind }: Lanes): Promise<never> {
  const refuse = await refuserOf(url)
  for (;;) await (kind === 'wrong' ? refuse(`nobody-${strangers++}@example.com`) : signIn(url))
}

// A lane that fails ends the thread, and with it the measurement.
if (parentPort) await Promise.all(Array.from({ length: atOnce }, () => lane(workerData as Lanes)))
