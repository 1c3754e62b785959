/** A client's registration, as settings, the command line and the store hold it. The kind decides grants and authentication. */
import { z } from 'zod'
import { areSound, isRecord } from './sound.ts'
import { redirectUriFault } from './uri.ts'

/**
 * web: keeps a secret on a server. spa: runs in a browser, no secret. native: app or command line, no secret.
 * machine: no person, client credentials only.
 */
export const clientKinds = ['web', 'spa', 'native', 'machine'] as const
export type ClientKind = (typeof clientKinds)[number]

/** Members that have to fit one another. */
const judged = ['kind', 'redirectUris', 'postLogoutRedirectUris', 'secretDigests', 'pkceExempt'] as const

export const idTokenAlgorithms = ['ES256', 'RS256'] as const

const uriList = z.array(z.string().max(2_048)).max(50).default([])
const httpsUri = z.url({ protocol: /^https$/ })

export const clientRegistration = z
  .strictObject({
    id: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._~-]{2,127}$/, '3-128 letters, digits or ._~-'),
    name: z.string().min(1).max(80),
    kind: z.enum(clientKinds),
    redirectUris: uriList,
    postLogoutRedirectUris: uriList,
    /** API identifier -> the scopes that this client may ask for. The first API is the one meant when a request names none. */
    apis: z.record(z.url(), z.array(z.string())).default({}),
    /** SHA-256 of each live secret, base64url. Never the secret. */
    secretDigests: z
      .array(z.string().regex(/^[A-Za-z0-9_-]{43}$/, 'a base64url SHA-256'))
      .max(2)
      .default([]),
    /** The operator's own application: people are not asked. Never for redirects that stay on the device. */
    firstParty: z.boolean().default(false),
    /** The operator vouches for its name and logo; otherwise people are told that nobody does. */
    verified: z.boolean().default(true),
    /** Only for confidential clients that cannot do PKCE. */
    pkceExempt: z.boolean().default(false),
    idTokenAlgorithm: z.enum(idTokenAlgorithms).default('ES256'),
    logo: httpsUri.optional(),
    policyUri: httpsUri.optional(),
    tosUri: httpsUri.optional(),
  })
  .superRefine(
    (client, context) => {
      if (!areSound(context, [...judged])) return
      for (const { path, message } of clientFaults(client)) context.addIssue({ code: 'custom', path, message })
    },
    { when: isRecord },
  )

/** A registration as it was stored, whatever release stored it: members that came later take their defaults. */
export const readRegistration = (text: string): ClientRegistration => clientRegistration.parse(JSON.parse(text))

export type ClientRegistration = z.output<typeof clientRegistration>

/** Whether it can keep a secret (RFC 6749 s2.1). */
export function isConfidential(kind: ClientKind): boolean {
  return kind === 'web' || kind === 'machine'
}

function clientFaults(
  client: Pick<ClientRegistration, (typeof judged)[number]>,
): { path: (string | number)[]; message: string }[] {
  const faults: { path: (string | number)[]; message: string }[] = []
  for (const list of ['redirectUris', 'postLogoutRedirectUris'] as const) {
    for (const [index, uri] of client[list].entries()) {
      const message = redirectUriFault(uri, client.kind === 'native')
      if (message) faults.push({ path: [list, index], message: `${JSON.stringify(uri)} ${message}` })
    }
  }
  const machine = client.kind === 'machine'
  if (machine && client.redirectUris.length > 0) faults.push({ path: ['redirectUris'], message: 'a machine signs nobody in' })
  if (!machine && client.redirectUris.length === 0) faults.push({ path: ['redirectUris'], message: 'needs at least one' })
  if (isConfidential(client.kind) !== client.secretDigests.length > 0) {
    const message = isConfidential(client.kind) ? 'a confidential client needs a secret' : 'a public client cannot keep a secret'
    faults.push({ path: ['secretDigests'], message })
  }
  if (client.pkceExempt && client.kind !== 'web')
    faults.push({ path: ['pkceExempt'], message: 'only a web client can be exempt' })
  return faults
}
