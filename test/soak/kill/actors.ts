/**
 * Those who use the server while it is killed. Each notes what was done when the answer is complete, and never before. An answer that does
 * not come leaves things unknown: then nothing is claimed of them, but of a refresh token, which its client simply shows again.
 */
import { setTimeout as wait } from 'node:timers/promises'
import { createVisitor } from '../../../src/try/visitor.ts'
import { question } from '../../support/questions.ts'
import { authorizationUrl, type Credentials, passThrough, pkce, redeem, refresh, signedFrom } from '../../support/story.ts'
import type { Chance } from '../chance.ts'
import { makesKeys } from './keys.ts'
import { type Family, forget, forgetSession, type Ledger, noteEnded, noteRevoked, type Session } from './ledger.ts'
import { addMachine, leaver, type World } from './world.ts'

/** The server went away in the middle of it. */
class Unanswered extends Error {}

export interface Stage {
  world: World
  ledger: Ledger
  chance: Chance
  /** True from the moment of the kill on. */
  isOver(): boolean
}

/** Whoever is at work with a family or a session has it to himself. */
type Taken = Set<Family | Session>

/** Runs everybody until the server is gone. */
export async function everybody(stage: Stage): Promise<void> {
  const taken: Taken = new Set()
  const actors = [signsIn, signsIn, refreshes, refreshes, refreshes, refreshes, ends, operates, keys]
  await Promise.all(actors.map((act) => untilGone(stage, () => act(stage, taken))))
}

const keys = (stage: Stage) => makesKeys(stage, answered)

async function untilGone({ isOver, ledger }: Stage, act: () => Promise<unknown>): Promise<void> {
  while (!isOver()) {
    try {
      await act()
    } catch (cause) {
      if (cause instanceof Unanswered) return
      // Between the signal and the end of the process it is not the server that fails.
      if (!isOver()) ledger.faults.push((cause as Error).message)
    }
  }
}

/** @throws Unanswered for whatever a socket says when its server dies */
async function answered<T>(call: Promise<T>): Promise<T> {
  return call.catch((cause) => {
    throw cause instanceof TypeError ? new Unanswered('', { cause }) : cause
  })
}

type Signing = Pick<Stage, 'world' | 'ledger' | 'chance'>

export async function signsIn(stage: Signing): Promise<void> {
  const { world, ledger, chance } = stage
  const session = await signIn(world, chance.oneOf(world.clients)!, chance.oneOf(world.emails)!, (begun) => {
    ledger.sessions.add(begun)
    ledger.page.signedIn.add(begun)
  })
  for (const family of session.families) {
    ledger.living.add(family)
    ledger.page.redeemed.add(family)
    ledger.page.accessTokens.push(family.accessToken)
  }
  ledger.counts.signIns++
}

export async function signIn(
  { installation }: Pick<World, 'installation'>,
  client: Credentials,
  email: string,
  begun: (session: Session) => void = () => {},
): Promise<Session> {
  const { issuer } = installation
  const visitor = createVisitor(issuer)
  const { verifier, challenge } = pkce()
  const url = authorizationUrl(issuer, client.id, challenge)
  const answer = await answered(visitor.open(url).then((page) => passThrough(visitor, page, { email })))
  const code = signedFrom(url, answer, verifier, visitor)
  const session: Session = { visitor, client, email, families: new Set(), isConsented: true }
  begun(session)
  const { status, body } = await answered(redeem(installation, client, code))
  if (status !== 200) throw new Error(`a fresh code was refused: ${status} ${JSON.stringify(body)}`)
  const { refresh_token: refreshToken, access_token: accessToken } = body as Record<string, string>
  session.families.add({ client, refreshToken: refreshToken!, accessToken: accessToken!, session, code })
  return session
}

async function refreshes({ world, ledger, chance }: Stage, taken: Taken): Promise<void> {
  const family = chance.oneOf([...ledger.living].filter((one) => isFree(one, taken)))
  if (!family) return wait(5)
  await alone(taken, [family], async () => {
    const { status, body } = await answered(refresh(world.installation, family.client, family.refreshToken))
    if (status !== 200) throw new Error(`a living refresh token was refused: ${status} ${JSON.stringify(body)}`)
    Object.assign(family, { refreshToken: body.refresh_token ?? family.refreshToken, accessToken: body.access_token })
    ledger.page.refreshed.add(family)
    ledger.page.accessTokens.push(family.accessToken)
    ledger.counts.refreshes++
  })
}

const isFree = (family: Family, taken: Taken): boolean => !taken.has(family) && !taken.has(family.session)

/** Revokes a token, or signs somebody out; as long as some are left. */
async function ends({ world, ledger, chance }: Stage, taken: Taken): Promise<void> {
  await wait(chance.between(5, 30))
  const family = chance.oneOf([...ledger.living].filter((one) => isFree(one, taken)))
  if (!family || ledger.living.size < 8) return
  if (chance.next() < 0.6) await alone(taken, [family], () => revokes(world, ledger, family))
  else await alone(taken, [family, family.session], () => signsOut(world, ledger, family.session))
}

async function revokes({ installation }: World, ledger: Ledger, family: Family): Promise<void> {
  try {
    const asked = question(installation, 'revocation', family.client, { token: family.refreshToken })
    const { status, text } = await answered(asked)
    if (status !== 200) throw new Error(`a revocation was refused: ${status} ${text}`)
  } catch (cause) {
    forget(ledger, family)
    throw cause
  }
  noteRevoked(ledger, family)
  ledger.counts.revocations++
}

async function signsOut({ installation }: World, ledger: Ledger, session: Session): Promise<void> {
  const { visitor } = session
  const thief = createVisitor(installation.issuer)
  for (const [name, cookie] of visitor.cookies) thief.cookies.set(name, cookie)
  try {
    const page = await answered(visitor.open('/session/end'))
    const done = await answered(visitor.submit(page, '/session/end/confirm', { logout: 'yes' }))
    if (done.status !== 200) throw new Error(`a sign-out was refused: ${done.status} ${done.html}`)
  } catch (cause) {
    forgetSession(ledger, session)
    throw cause
  }
  noteEnded(ledger, session)
  ledger.page.signedOut.add({ ...session, visitor: thief })
  ledger.counts.signOuts++
}

/** The command line beside the running server, once a round at most: it has the database open as well, and is not killed. */
async function operates({ world, ledger, chance, isOver }: Stage): Promise<void> {
  await wait(chance.between(5, 100))
  if (isOver()) return
  const { counts, page } = ledger
  const drawn = chance.next()
  if (drawn < 0.3) page.clients.push(await addMachine(world, `machine-${counts.clients++}`))
  else if (drawn < 0.5) {
    const email = leaver(counts.disabled++)
    const { families } = await signIn(world, chance.oneOf(world.clients)!, email)
    await world.installation.command(['account', 'disable', email])
    for (const family of families) page.ended.add(family)
  }
  while (!isOver()) await wait(20)
}

async function alone(taken: Taken, things: (Family | Session)[], act: () => Promise<void>): Promise<void> {
  for (const thing of things) taken.add(thing)
  try {
    await act()
  } finally {
    for (const thing of things) taken.delete(thing)
  }
}
