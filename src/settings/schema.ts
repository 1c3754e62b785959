/**
 * What an operator may say, as a schema. Strict: a name that is not known is a fault, so that a misspelt setting never
 * silently keeps its default. All faults of a file are reported at once, each with its path (see `load.ts`).
 */
import { z } from 'zod'
import { parseColour } from '../base/colour.ts'
import { api, roleName } from './api.ts'
import { apiKeys } from './api-keys.ts'
import { authorizationDetails, detailFaults } from './authorization-details.ts'
import { clientRegistration } from './client/registration.ts'
import { surroundingRules } from './client/surroundings.ts'
import { lifetimes, refreshTokens } from './lifetimes.ts'
import { letters, mail, mailFaults } from './mail.ts'
import { roleMend } from './named.ts'
import { seconds, whole } from './numbers.ts'
import { passwords } from './passwords.ts'
import { audit, cluster, log, metrics, revocations, traces } from './running.ts'
import { dpop, mutualTls, mutualTlsFaults } from './sender-constraints.ts'
import { signIn, signInFaults } from './sign-in.ts'
import { registration, registrationFaults } from './sign-up.ts'
import { areSound, isRecord, isSoundAt, type SayFault, sayFault } from './sound.ts'
import { isLoopbackHost, sameIdentifier } from './uri.ts'

const port = whole(1, 65_535)

const theme = z.strictObject({
  title: z.string().trim().min(1).max(60).default('Signet'),
  logo: z.url({ protocol: /^https$/ }).optional(),
  accent: z
    .string()
    .refine((colour) => parseColour(colour) !== undefined, 'a colour as #rrggbb or oklch(L C H)')
    .default('oklch(52% 0.17 262)'),
  radius: z
    .string()
    .regex(/^([0-9]|[12][0-9]|3[0-2])px$/, 'a length from 0px to 32px')
    .default('10px'),
})

const redis = z.strictObject({
  url: z.url({ protocol: /^rediss?$/ }),
  artifacts: z.enum(['short-lived', 'all']).default('short-lived'),
  keyPrefix: z.string().max(64).default('signet:'),
})

const listen = z.strictObject({
  /** An empty one would be every address of the machine to Node. */
  host: z.string().min(1).default('localhost'),
  port: port.default(4000),
  /** PEM files; then it speaks https itself. */
  tls: z.strictObject({ certificate: z.string().min(1), key: z.string().min(1) }).optional(),
})

/** Requests of this server to addresses that clients name: keys, sector identifiers, logout notices. */
const outgoing = z.strictObject({
  allowPrivateNetworks: z.boolean().default(false),
  timeoutSeconds: seconds(1, 60).default(5),
  maxBytes: whole(1_024, 16_777_216).default(262_144),
})

const devices = z.strictObject({
  /** Codes that devices of one network may ask for. */
  requestsPerNetwork: whole(1, 100_000).default(300),
  /** Codes that may be typed in one network, right ones included. */
  attemptsPerNetwork: whole(1, 10_000).default(50),
  /** Codes that may be typed altogether before each network has but five. */
  attemptsOverall: whole(1, 1_000_000).default(1_000),
  windowSeconds: seconds(10, 86_400).default(900),
})

const longRequests = z.strictObject({
  /** Sign-ins from one network that ask for more than a cookie holds, about 3,500 bytes sealed, and so take a row. */
  requestsPerNetwork: whole(1, 1_000_000).default(300),
  windowSeconds: seconds(10, 86_400).default(900),
})

const pushedRequests = z.strictObject({
  /** Requests that may be pushed from one network for clients that do not authenticate. */
  requestsPerNetwork: whole(1, 1_000_000).default(1_000),
  windowSeconds: seconds(10, 86_400).default(900),
})

/** The keys that sign tokens. */
const keys = z.strictObject({
  /** Where they lie: in the key folder, or sealed in the store, where nodes share them. */
  in: z.enum(['folder', 'store']).default('folder'),
  /** How long a key signs before the next does. */
  rotateAfterSeconds: seconds(3_600, 63_072_000).default(7_776_000),
})

export const settingsSchema = z
  .strictObject({
    issuer: z.url().optional(),
    listen: listen.prefault({}),
    cluster: cluster.prefault({}),
    log: log.prefault({}),
    audit: audit.prefault({}),
    metrics: metrics.optional(),
    traces: traces.optional(),
    trustedProxies: z
      .array(z.union([z.cidrv4(), z.cidrv6(), z.ipv4(), z.ipv6()], 'has to be an address or a network'))
      .default([]),
    demo: z.boolean().default(false),
    theme: theme.prefault({}),
    redis: redis.optional(),
    mail: mail.optional(),
    letters: letters.prefault({}),
    keys: keys.prefault({}),
    revocations: revocations.prefault({}),
    apiKeys: apiKeys.prefault({}),
    lifetimes: lifetimes.prefault({}),
    refreshTokens: refreshTokens.prefault({}),
    signIn: signIn.prefault({}),
    passwords: passwords.prefault({}),
    registration: registration.prefault({}),
    outgoing: outgoing.prefault({}),
    devices: devices.prefault({}),
    pushedRequests: pushedRequests.prefault({}),
    longRequests: longRequests.prefault({}),
    dpop: dpop.prefault({}),
    mutualTls: mutualTls.optional(),
    roles: z.record(roleName, z.string().min(1).max(200)).default({}),
    apis: z.array(api).max(1_000).default([]),
    authorizationDetails: authorizationDetails.default({}),
    clients: z.array(clientRegistration).max(10_000).default([]),
  })
  .superRefine(
    (file, context) => {
      const fault = sayFault(context)
      if (areSound(context, ['issuer', 'listen', 'demo'])) issuerFaults(issuerOf(file), file, fault)
      if (areSound(context, ['apis', 'roles'])) apiFaults(file, fault)
      if (areSound(context, ['clients'])) clientIdFaults(file, fault)
      if (areSound(context, ['authorizationDetails', 'apis', 'roles'])) detailFaults(file, fault)
      if (areSound(context, ['mail'])) mailFaults(file, fault)
      if (areSound(context, ['issuer', 'listen', 'mail', 'signIn'])) signInFaults(file, isDevelopment(issuerOf(file)), fault)
      if (areSound(context, ['issuer', 'listen', 'mail', 'registration', 'roles']))
        registrationFaults(file, isDevelopment(issuerOf(file)), fault)
      if (areSound(context, ['mutualTls', 'trustedProxies'])) mutualTlsFaults(file, fault)
      const judged = surroundingRules.filter(({ needs }) => areSound(context, needs))
      const clients = Array.isArray(file.clients) ? file.clients.entries() : []
      for (const [index, client] of clients)
        if (isSoundAt(context, 'clients', index))
          for (const { judge } of judged)
            judge(client, file, (path, message, mend) => fault(['clients', index, ...path], message, mend))
    },
    { when: isRecord },
  )
  .transform((file) => ({ ...file, issuer: issuerOf(file) }))

export type SettingsFile = z.output<typeof settingsSchema>

const issuerOf = ({ issuer, listen: { port, tls } }: { issuer?: string | undefined; listen: z.output<typeof listen> }): string =>
  issuer?.replace(/\/$/, '') ?? `${tls ? 'https' : 'http'}://localhost:${port}`

/** Development is an http issuer on loopback; everything else is production. */
export function isDevelopment(issuer: string): boolean {
  const { protocol, hostname } = new URL(issuer)
  return protocol === 'http:' && isLoopbackHost(hostname)
}

/** With the longest registration behind it, a link has fewer than 1,500 (`test/accounts/link-lengths.test.ts`). */
const longestIssuer = 128

function issuerFaults(given: string, { demo, listen }: { demo: boolean; listen: { tls?: unknown } }, fault: SayFault): void {
  const issuer = new URL(given)
  if (issuer.search || issuer.hash || issuer.username)
    fault(['issuer'], 'must have no query, fragment or user (RFC 8414 s2)', `Write ${issuer.origin}.`)
  if (issuer.pathname !== '/')
    fault(['issuer'], 'must have no path: give Signet a host name of its own', `Write ${issuer.origin}.`)
  if (given.length > longestIssuer)
    fault(
      ['issuer'],
      `must have at most ${longestIssuer} characters: links in letters begin with it`,
      'Choose a shorter host name.',
    )
  if (listen.tls && issuer.protocol !== 'https:')
    fault(['issuer'], 'must be https, since listen.tls is given', `Write https://${issuer.host}, or remove listen.tls.`)
  if (isDevelopment(given)) return
  if (issuer.protocol !== 'https:')
    fault(
      ['issuer'],
      'must be https unless its host is loopback',
      `Write https://${issuer.host}, and let a proxy or listen.tls speak TLS.`,
    )
  if (demo)
    fault(
      ['demo'],
      'demo data has a known password: not beside a production issuer',
      'Write demo: false, or remove the issuer to develop.',
    )
}

function apiFaults({ apis, roles: known }: Pick<SettingsFile, 'apis' | 'roles'>, fault: SayFault): void {
  const identifiers = new Set<string>()
  for (const [index, api] of apis.entries()) {
    const identifier = sameIdentifier(api.identifier)
    if (identifiers.has(identifier))
      fault(
        ['apis', index, 'identifier'],
        'two APIs have this identifier',
        'Give each API its own, or declare the two as one with the scopes of both.',
      )
    identifiers.add(identifier)
    for (const [name, { roles }] of Object.entries(api.scopes)) {
      for (const role of roles ?? []) {
        if (!Object.hasOwn(known, role))
          fault(['apis', index, 'scopes', name, 'roles'], `"${role}" is not in roles`, roleMend(role, known))
      }
    }
  }
}

function clientIdFaults({ clients }: Pick<SettingsFile, 'clients'>, fault: SayFault): void {
  const ids = new Set<string>()
  for (const [index, client] of clients.entries()) {
    if (ids.has(client.id)) fault(['clients', index, 'id'], 'two clients have this id', 'Give one of them another.')
    ids.add(client.id)
  }
}
