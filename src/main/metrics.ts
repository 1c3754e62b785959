/**
 * What can be counted, for Prometheus, by prom-client. Loaded only where the settings ask for it, and said on a port of its own. Labels are
 * from closed lists: no path, no client, nobody's name.
 */
import { createServer, type Server } from 'node:http'
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import type { Fields, Log } from '../base/log.ts'
import { type Span, spans } from '../base/spans.ts'
import type { KeyRing } from '../crypto/keyring.ts'
import type { Passwords } from '../crypto/passwords.ts'
import { type LetterKind, letterKinds } from '../mail/letters.ts'
import type { Mailer } from '../mail/mailer.ts'
import { grantTypes } from '../settings/client/kinds.ts'
import type { Tally } from '../web/observer.ts'

export interface Metrics extends Tally {
  /** The same log; what it says is counted, whether or not it is written. */
  counted(log: Log): Log
  /** What is asked for at each scrape. */
  watch(parts: { passwords: Passwords; mailer: Mailer; ring: KeyRing; apiKeyRing?: KeyRing | undefined }): void
  /** Not yet listening. */
  server: Server
  close(): void
}

const nameOfGrant = new Map<string, string>(Object.entries(grantTypes).map(([name, type]) => [type, name]))

/** Codes of refusals are the standards' and ours, in snake case. Should one be made of something else it is counted without a name. */
const isCode = (code: unknown): code is string => typeof code === 'string' && /^[a-z][a-z_]{2,40}$/.test(code)
const mostCodes = 100

const isLetterKind = (kind: unknown): kind is LetterKind => letterKinds.includes(kind as LetterKind)

export function createMetrics(): Metrics {
  const registry = new Registry()
  const registers = [registry]
  collectDefaultMetrics({ register: registry })
  const requests = new Histogram({
    name: 'signet_request_duration_seconds',
    help: 'Answered requests by route and class of status; class none had no answer.',
    labelNames: ['route', 'status'] as const,
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10],
    registers,
  })
  const tokens = new Counter({
    name: 'signet_token_answers_total',
    help: 'Token requests that were granted, by grant type.',
    labelNames: ['grant_type'] as const,
    registers,
  })
  const signIns = new Counter({
    name: 'signet_sign_ins_total',
    help: 'Passwords that were given, by what came of it.',
    labelNames: ['outcome'] as const,
    registers,
  })
  const refusals = new Counter({
    name: 'signet_refusals_total',
    help: 'What was refused, by code.',
    labelNames: ['code'] as const,
    registers,
  })
  const errors = new Counter({
    name: 'signet_errors_total',
    help: 'Lines of the log that somebody should look at, by event.',
    labelNames: ['event'] as const,
    registers,
  })
  const letters = new Counter({
    name: 'signet_letters_total',
    help: 'Letters by kind and by what came of an attempt: delivered, failed (and tried again), given_up, or dropped for want of room or of a mail server.',
    labelNames: ['kind', 'outcome'] as const,
    registers,
  })
  const leaked = new Counter({
    name: 'signet_leaked_keys_total',
    help: 'API keys that were reported as leaked: ended by it, or unknown (no key, of another server, dead already).',
    labelNames: ['outcome'] as const,
    registers,
  })
  const commitSeconds = new Histogram({
    name: 'signet_store_commit_duration_seconds',
    help: 'Commits of the SQLite databases, the wait for the disk included.',
    buckets: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1],
    registers,
  })
  const observeCommit = (message: unknown) => {
    const { part, begun, ended } = message as Span
    if (part === 'store.commit') commitSeconds.observe((ended - begun) / 1_000)
  }
  spans.subscribe(observeCommit)

  const codes = new Set<string>()
  function known(code: unknown): string {
    if (!isCode(code) || (!codes.has(code) && codes.size >= mostCodes)) return 'other'
    codes.add(code)
    return code
  }

  function countLetter(event: string, { kind }: Fields): void {
    if (isLetterKind(kind) && event.startsWith('mail.')) letters.inc({ kind, outcome: event.slice('mail.'.length) })
  }

  function countReported({ ended, unknown }: Fields): void {
    leaked.inc({ outcome: 'ended' }, Number(ended))
    leaked.inc({ outcome: 'unknown' }, Number(unknown))
  }

  function count(event: string, { reason, error }: Fields): void {
    if (event === 'sign_in.success') signIns.inc({ outcome: 'success' })
    else if (event === 'sign_in.refused') signIns.inc({ outcome: known(reason) })
    else if (event === 'refused') refusals.inc({ code: known(reason) })
    else if (event.endsWith('.error')) refusals.inc({ code: known(error) })
  }

  const server = createServer((request, response) => {
    if (request.method !== 'GET' || request.url !== '/metrics') return void response.writeHead(404).end()
    registry.metrics().then(
      (text) => response.writeHead(200, { 'content-type': registry.contentType }).end(text),
      () => response.writeHead(500).end(),
    )
  })

  return {
    counted: ({ info, error }) => ({
      info(event, fields = {}) {
        count(event, fields)
        if (event === 'api_keys.reported') countReported(fields)
        countLetter(event, fields)
        info(event, fields)
      },
      error(event, fields = {}) {
        errors.inc({ event })
        countLetter(event, fields)
        error(event, fields)
      },
    }),
    answered({ route, status, milliseconds }) {
      requests.observe({ route, status: status === undefined ? 'none' : `${Math.floor(status / 100)}xx` }, milliseconds / 1_000)
    },
    granted: (grantType) => tokens.inc({ grant_type: nameOfGrant.get(String(grantType)) ?? 'other' }),
    watch({ passwords, mailer, ring, apiKeyRing }) {
      new Gauge({
        name: 'signet_letters_waiting',
        help: 'Letters that wait for the mail server in this process, those under way included.',
        registers,
        collect() {
          this.set(mailer.waiting)
        },
      })
      new Gauge({
        name: 'signet_passwords_waiting',
        help: 'Passwords that wait to be hashed, the one under way included.',
        registers,
        collect() {
          this.set(passwords.waiting)
        },
      })
      new Gauge({
        name: 'signet_signing_key_rotation_timestamp_seconds',
        help: 'When the key that signs now is followed by the next.',
        labelNames: ['algorithm', 'of'] as const,
        registers,
        collect() {
          this.reset()
          const say = (ring: KeyRing, labels: { of?: string }) => {
            for (const { key, state, signsUntil } of ring.all())
              if (state === 'current' && signsUntil !== undefined) this.set({ algorithm: key.algorithm, ...labels }, signsUntil)
          }
          say(ring, {})
          if (apiKeyRing) say(apiKeyRing, { of: 'api-keys' })
        },
      })
    },
    server,
    close() {
      spans.unsubscribe(observeCommit)
      server.close()
      server.closeAllConnections()
    },
  }
}
