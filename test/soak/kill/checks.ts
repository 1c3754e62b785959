/** After a restart: is everything so as its client was told? Each finding is a sentence; none is what is hoped for. */
import path from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { createLocalJWKSet, type JSONWebKeySet, jwtVerify } from 'jose'
import { api } from '../../support/server.ts'
import { authorizationUrl, type Credentials, pkce, redeem, refresh, token } from '../../support/story.ts'
import type { Chance } from '../chance.ts'
import { isGoodKey } from './keys.ts'
import { type Family, forget, type Ledger, noteRevoked, type Page, type Session } from './ledger.ts'
import type { World } from './world.ts'

/** At most so many of each kind; what is looked at is chosen by chance. */
const atMost = { refreshed: 12, ended: 6, sessions: 6, codes: 2, tokens: 20, keys: 6 }

export interface Checked {
  lost: string[]
  /** How many things were looked at. */
  looked: number
}

export async function check(world: World, ledger: Ledger, page: Page, chance: Chance): Promise<Checked> {
  const { installation } = world
  const redeemed = chance.some([...page.redeemed], atMost.codes)
  const refreshed = [...new Set([...page.refreshed, ...page.redeemed])].filter((family) => !redeemed.includes(family))
  const looks = [
    ...['signet.sqlite', 'volatile.sqlite'].map((name) => isSound(path.join(installation.dataFolder, name))),
    ...chance.some(refreshed, atMost.refreshed).map((family) => isAlive(world, ledger, family)),
    ...chance.some([...page.ended], atMost.ended).map((family) => isDead(world, family, 'a refresh token that was ended')),
    ...redeemed.map((family) => isUsed(world, ledger, family)),
    ...chance.some(withoutDevices(page.signedIn), atMost.sessions).map((session) => isSignedIn(world, session, true)),
    ...chance.some(withoutDevices(page.signedOut), atMost.sessions).map((session) => isSignedIn(world, session, false)),
    ...chance.some([...page.keys], atMost.keys).map((key) => isGoodKey(world, key, true)),
    ...chance.some([...page.endedKeys], atMost.keys).map((key) => isGoodKey(world, key, false)),
    ...page.clients.map((client) => isThere(world, client)),
    verify(world, ledger, chance.some(page.accessTokens, atMost.tokens)),
  ]
  const lost = (await Promise.all(looks)).filter((finding) => finding !== undefined)
  return { lost, looked: looks.length }
}

type Finding = Promise<string | undefined>

async function isSound(file: string): Finding {
  const database = new DatabaseSync(file, { readOnly: true })
  try {
    const found = database.prepare('pragma integrity_check(1)').get()?.integrity_check
    return found === 'ok' ? undefined : `${path.basename(file)} is damaged: ${found}`
  } finally {
    database.close()
  }
}

async function isAlive({ installation }: World, ledger: Ledger, family: Family): Finding {
  const { status, body } = await refresh(installation, family.client, family.refreshToken)
  if (status === 200) {
    Object.assign(family, { refreshToken: body.refresh_token ?? family.refreshToken, accessToken: body.access_token })
    return undefined
  }
  forget(ledger, family)
  return `a refresh token of ${family.client.id} that came with an answer is refused: ${said(status, body)}`
}

async function isDead({ installation }: World, family: Family, what: string): Finding {
  const { status, body } = await refresh(installation, family.client, family.refreshToken)
  return body.error === 'invalid_grant' ? undefined : `${what} is not dead: ${said(status, body)}`
}

/** RFC 6749 s4.1.2: a code that comes again ends what it had brought. */
async function isUsed(world: World, ledger: Ledger, family: Family): Finding {
  noteRevoked(ledger, family)
  const { status, body } = await redeem(world.installation, family.client, family.code)
  if (body.error !== 'invalid_grant') return `a used code is good again: ${said(status, body)}`
  return isDead(world, family, 'what a replayed code had brought')
}

/** Whether cookies open what they should, without a page. */
async function isSignedIn({ installation }: World, session: Session, yes: boolean): Finding {
  const { challenge } = pkce()
  const url = authorizationUrl(installation.issuer, session.client.id, challenge, { prompt: 'none' })
  const { leftTo, status } = await session.visitor.open(url)
  const said = leftTo?.searchParams
  const error = said?.get('error')
  const isOpen = said?.has('code') || (error === 'consent_required' && !session.isConsented)
  if (yes ? isOpen : error === 'login_required') return undefined
  return `a session that ${yes ? 'was begun' : 'had ended'}: ${status} ${leftTo}`
}

/** People are asked each time before an app on a device is let on, so that `none` says nothing of a session there. */
const withoutDevices = (sessions: Set<Session>): Session[] => [...sessions].filter(({ client }) => client.id !== 'phone')

/** No token on the screen. */
const said = (status: number, body: Record<string, string>): string => `${status} ${body.error ?? 'with a token'}`

async function isThere({ installation }: World, client: Credentials): Finding {
  const { status, body } = await token(installation, client, { grant_type: 'client_credentials', scope: 'notes:read' })
  return status === 200 ? undefined : `the client ${client.id} that was added: ${said(status, body)}`
}

/** As an API does that has just begun: by the keys that are published now. */
async function verify({ installation: { issuer } }: World, { kids }: Ledger, tokens: string[]): Finding {
  const published = (await (await fetch(`${issuer}/jwks`)).json()) as JSONWebKeySet
  for (const { kid } of published.keys) kids.add(kid as string)
  const keys = createLocalJWKSet(published)
  for (const one of tokens) {
    const fault = await jwtVerify(one, keys, { issuer, audience: api, typ: 'at+jwt' }).then(
      () => undefined,
      (cause: Error) => `an access token does not verify: ${cause.message}`,
    )
    if (fault) return fault
  }
  return undefined
}
