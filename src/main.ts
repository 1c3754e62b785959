/** The composition root: settings -> a running server. `main/listener.ts` opens the port. */
// First, before anything loads what it quietens.
import './base/quiet.ts'

import { randomUUID } from 'node:crypto'
import type { Server } from 'node:http'
import { setTimeout as wait } from 'node:timers/promises'
import type { Clock, Later } from './base/clock.ts'
import { Refusal } from './base/errors.ts'
import { createLog, type Log } from './base/log.ts'
import type { KeyRing } from './crypto/keyring.ts'
import { beside } from './mail/mailer.ts'
import { settleAllowance, tellTaken } from './main/allowance.ts'
import { createInstruments } from './main/instruments.ts'
import { lastAnswers } from './main/last-answers.ts'
import { createListener, listen } from './main/listener.ts'
import { openParts, type Parts, systemLater } from './main/parts.ts'
import { openRing } from './main/ring.ts'
import { settleSecrets, tellMissing } from './main/secrets.ts'
import { createGuardedFetch } from './outgoing/fetch.ts'
import { createPages } from './pages/render.ts'
import type { Settings } from './settings/load.ts'
import { createApp } from './web/app.ts'
import type { App } from './web/app-parts.ts'

export interface RunningServer {
  parts: Parts
  ring: KeyRing
  port: number
  /** Delivers what processes owed that are gone, by their `owner`. */
  takeUp(owners: string[]): Promise<void>
  /**
   * Ends idle connections, waits for the requests under way, then closes the store.
   * @param graceMilliseconds for which it goes on as it was but for saying with each answer that its connection ends: a request that is on
   * its way along a kept connection is answered
   */
  close(graceMilliseconds?: number): Promise<void>
}

export interface StartOptions {
  now?: Clock
  log?: Log
  later?: Later
  /** Of a cluster, from 1 on. */
  worker?: number
  /** By which others know what this process owed, when it is gone. */
  owner?: string
  /** No other process serves these data now: what is to be done or said once at a start is done by this one. */
  first?: boolean
}

/** @throws Refusal `port_taken`, `demo_data` and whatever `openParts` throws */
export async function startServer(settings: Settings, options: StartOptions = {}): Promise<RunningServer> {
  const { first = true, worker = 1, owner = randomUUID() } = options
  const instruments = await createInstruments(settings, options.log ?? createLog(settings.log))
  const parts = await openParts(settings, { ...options, owner, log: instruments.log }).catch(async (cause) => {
    await instruments.close()
    throw cause
  })
  try {
    await refuseDemoInProduction(parts)
    const keptKeys = await settleSecrets(parts)
    const ring = await openRing(settings, parts.vault, parts.now)
    const apiKeyRing = await parts.apiKeyRing()
    await parts.store.revocations.begin({ id: randomUUID(), longestSeconds: parts.apis.longestLifetimeSeconds })
    const { viewsFolder, theme, passwords } = settings
    const pages = createPages({ viewsFolder, theme, shortestPassword: passwords.shortest })
    const asking = () => createGuardedFetch({ ...settings.outgoing, deadline: AbortSignal.timeout, log: parts.log })
    // Strangers choose when clients' keys are asked for: they must not be able to use up what logout notices need.
    const [outgoing, notifying] = [asking(), asking()]
    if (first && settings.outgoing.allowPrivateNetworks)
      parts.log.error('outgoing.private_networks_allowed', { warning: whatIsOpen })
    if (first && settings.mail?.smtp.allowPlaintext) parts.log.error('mail.plaintext_allowed', { warning: whoReadsLetters })
    const later = options.later ?? systemLater
    const { handler, ...app } = createApp({
      ...parts,
      keptKeys,
      ring,
      apiKeyRing,
      pages,
      outgoing,
      notifying,
      later,
      owner,
      tallies: instruments.tallies,
    })
    const last = lastAnswers(handler)
    const server = createListener(settings.listen, last.handler)
    await instruments.open({ ...parts, ring, apiKeyRing }, worker)
    const port = await listen(server, settings.listen)
    // What cannot start ends nothing: its settings may be a mistake, and the port another server's that goes on.
    if (first) await settle(parts).catch((cause) => closeAtOnce(server, cause))
    const tending = setInterval(() => {
      for (const one of [ring, apiKeyRing]) one?.tend().catch((error) => parts.log.error('keys.not_tended', { error }))
      if (worker === 1) void takeUpLetters([beside])
    }, tendMilliseconds).unref()
    // What was owed before can wait for the next start, if it must.
    const takeUpLetters = (owners?: string[]) =>
      parts.mailer.takeUp(owners).catch((error) => parts.log.error('mail.not_taken_up', { error }))
    const takeUp = async (owners?: string[]) => {
      await app.notices.resume(owners).catch((error) => parts.log.error('backchannel_logout.not_resumed', { error }))
      await takeUpLetters(owners)
    }
    if (first) await takeUp()
    if (first) tellMissing(parts).catch((error) => parts.log.error('secrets.not_counted', { error }))
    // A signer that is away, or a socket that is misspelt, is said now, not when the first token is wanted. It stops nothing.
    if (first) app.signatures.areAtHand(ring.algorithms).catch(() => {})
    const close = async (graceMilliseconds = 0) => {
      clearInterval(tending)
      app.readiness.stop()
      last.begin()
      app.waiting.close()
      if (graceMilliseconds > 0) await wait(graceMilliseconds)
      await stop(server, app, parts)
      await instruments.close()
    }
    return { parts, ring, port, takeUp, close }
  } catch (cause) {
    await instruments.close()
    await parts.close()
    throw cause
  }
}

const settle = async (parts: Parts): Promise<void> => tellTaken(await settleAllowance(parts), parts.log)

async function closeAtOnce(server: Server, cause: unknown): Promise<never> {
  server.close()
  server.closeAllConnections()
  throw cause
}

/** As loud as a fault, at every start. */
const whatIsOpen =
  'Addresses that clients name are asked for also on this machine and on private networks (127/8, 10/8, 172.16/12, 192.168/16, 100.64/10, ::1, fc00::/7), over http too.'

const whoReadsLetters =
  'Letters go to the mail server without TLS (mail.smtp.allowPlaintext): whoever is on the way reads their links, and its password.'

/** How soon this server knows what another process did to the keys, and what the command line owes. */
const tendMilliseconds = 2_000

async function refuseDemoInProduction({ settings, store }: Parts): Promise<void> {
  if (settings.development) return
  if ((await store.accounts.hasDemo()) || (await store.clients.hasDemo())) {
    throw new Refusal(
      'demo_data',
      `${settings.dataFolder} holds the demo account, whose password is known: give production a data folder of its own.`,
    )
  }
}

async function stop(server: Server, { notices }: Omit<App, 'handler'>, parts: Parts): Promise<void> {
  const closed = new Promise((resolve) => server.close(resolve))
  server.closeIdleConnections()
  const patience = Promise.withResolvers<void>()
  const end = setTimeout(() => {
    server.closeAllConnections()
    patience.resolve()
  }, 10_000)
  await closed
  await Promise.race([Promise.all([notices.close(), parts.mailer.close()]), patience.promise])
  clearTimeout(end)
  await parts.close()
}
