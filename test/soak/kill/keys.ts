/** API keys that a person makes at their page, and that whoever finds them ends, while the server is killed. */
import { randomUUID } from 'node:crypto'
import { setTimeout as wait } from 'node:timers/promises'
import { createVisitor } from '../../../src/try/visitor.ts'
import { pattern } from '../../support/api-keys.ts'
import { question } from '../../support/questions.ts'
import { api } from '../../support/server.ts'
import { password } from '../../support/story.ts'
import type { Stage } from './actors.ts'
import type { World } from './world.ts'

const page = '/account/keys/new'

/** Until the server is gone. @param answered as it hears that */
export async function makesKeys(
  { world: { installation, emails }, ledger, chance, isOver }: Stage,
  answered: <T>(call: Promise<T>) => Promise<T>,
): Promise<void> {
  const { issuer } = installation
  const email = chance.oneOf(emails)!
  const visitor = createVisitor(issuer)
  const form = await answered(visitor.open(page).then((asked) => visitor.submit(asked, '/sign-in', { email, password })))
  while (!isOver()) {
    const wish = { name: randomUUID(), api, scope: `${api} notes:read`, end: '30', until: '' }
    const made = await answered(visitor.submit(form, page, wish))
    const key = made.html.match(pattern)?.[0]
    if (!key) throw new Error(`no API key: ${made.status} ${made.html}`)
    ledger.page.keys.add(key)
    ledger.counts.keys++
    await wait(chance.between(1, 20))
    if (chance.next() < 0.6) continue
    const found = chance.oneOf([...ledger.page.keys])!
    // Until the answer is there nobody knows.
    ledger.page.keys.delete(found)
    const body = new URLSearchParams({ key: found })
    const said = await answered(
      fetch(`${issuer}/api-keys/leaked`, { method: 'POST', body }).then((answer) => answer.json() as Promise<{ status: string }>),
    )
    if (said.status !== 'ended') throw new Error(`a key that was found is not ended: ${JSON.stringify(said)}`)
    ledger.page.endedKeys.add(found)
  }
}

/** By what the server says to the API. */
export async function isGoodKey({ installation, notes }: World, key: string, yes: boolean): Promise<string | undefined> {
  const { status, body } = await question(installation, 'introspection', notes, { token: key })
  if (status === 200 && body.active === yes) return undefined
  return `an API key that ${yes ? 'was made' : 'had ended'}: ${status}, active ${body.active}`
}
