/** A client's registration, as settings, the command line and the store hold it. The kind decides grants and authentication. */
import { z } from 'zod'
import { encryptionAlgorithms, encryptionEncodings, responseAlgorithms } from '../algorithms.ts'
import { clientKeySet } from '../public-keys.ts'
import { areSound, isRecord, sayFault } from '../sound.ts'
import { clientAuthentications, subjectFields } from './authentication.ts'
import { clientRules } from './faults.ts'
import { clientKinds, optionalGrants } from './kinds.ts'

const uriList = z.array(z.string().max(2_048)).max(50).default([])
const httpsUri = z.url({ protocol: /^https$/ })
/** Fetched or called by this server: https, but for a switch of the operator (see `surroundings.ts`). */
const outgoingUri = z.url({ protocol: /^https?$/ }).max(2_048)
const origin = z
  .string()
  .refine((text) => text !== 'null' && URL.parse(text)?.origin === text, 'an origin such as https://app.example.com')
const apiScopes = z.record(z.url(), z.array(z.string()))
const signed = z.enum(responseAlgorithms).optional()

const encrypted = z
  .strictObject({
    algorithm: z.enum(encryptionAlgorithms).default('ECDH-ES').meta({ description: 'how the key is agreed on or wrapped' }),
    encoding: z.enum(encryptionEncodings).default('A256GCM').meta({ description: 'how the content is encrypted' }),
  })
  .optional()

const digestFault = 'has to be the digest of the secret (SHA-256 as base64url, 43 characters), not the secret itself'
const secretDigest = z.string().regex(/^[A-Za-z0-9_-]{43}$/, digestFault)
/** SHA-256 of a live secret, base64url, alone or with its end (seconds since the epoch) and what a person recognises it by. Never the secret. */
const secret = z.union(
  [
    secretDigest.transform((digest) => ({ digest })),
    z.strictObject({
      digest: secretDigest,
      hint: z.string().max(32).optional(),
      createdAt: z.number().int().optional(),
      expiresAt: z.number().int().positive().optional(),
    }),
  ],
  { error: `${digestFault}; alone, or as digest with hint, createdAt and expiresAt` },
)
export type ClientSecret = {
  digest: string
  hint?: string | undefined
  createdAt?: number | undefined
  expiresAt?: number | undefined
}

export const clientRegistration = z
  .strictObject({
    id: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._~-]{2,127}$/, '3-128 letters, digits or ._~-'),
    name: z.string().min(1).max(80),
    kind: z.enum(clientKinds),
    /** Beyond those of its kind. */
    grants: z.array(z.enum(optionalGrants)).max(5).default([]),
    redirectUris: uriList,
    postLogoutRedirectUris: uriList,
    /** Where a page may call the token endpoint from, besides the origins of a public client's redirect URIs. */
    corsOrigins: z.array(origin).max(20).default([]),
    /** API identifier -> the scopes that this client may ask for. The first API is the one meant when a request names none. */
    apis: apiScopes.default({}),
    /** Kind api: identifiers of the APIs that it is. It may ask about their tokens (RFC 7662) and exchange them (RFC 8693). */
    serves: z.array(z.url()).max(50).default([]),
    /** Kind api: API identifier -> the scopes that it may get there in the name of whoever called it. */
    exchanges: apiScopes.default({}),
    authentication: z.enum(clientAuthentications).optional(),
    secretDigests: z.array(secret).max(2).default([]),
    jwks: clientKeySet.optional(),
    jwksUri: outgoingUri.optional(),
    /** RFC 8705 s2.1.2: the one value that its certificate has to have: the subject, or an alternative name of a type. */
    certificateSubject: z
      .strictObject({
        field: z.enum(subjectFields).meta({ description: 'which part of the certificate' }),
        value: z.string().min(1).max(512).meta({ description: 'what it says there, compared as a whole' }),
      })
      .optional(),
    /** Tokens only with a proof of possession: by DPoP (RFC 9449), by the client's certificate (RFC 8705 s3). */
    dpopBound: z.boolean().default(false),
    certificateBound: z.boolean().default(false),
    /** RFC 9126 s6, RFC 9101 s10.5. */
    requirePushedRequests: z.boolean().default(false),
    requireSignedRequests: z.boolean().default(false),
    /** `fapi2`: the demands of the FAPI 2.0 Security Profile on this client. */
    profile: z.enum(['fapi2']).optional(),
    /** The operator's own application: people are not asked. Never for redirects that stay on the device. */
    firstParty: z.boolean().default(false),
    /** The operator vouches for its name and logo; otherwise people are told that nobody does. */
    verified: z.boolean().default(true),
    /** Only for confidential clients that cannot do PKCE. */
    pkceExempt: z.boolean().default(false),
    /** `pairwise`: its people have other subjects than anywhere else (OpenID Connect Core s8). */
    subjectType: z.enum(['public', 'pairwise']).default('public'),
    sectorIdentifierUri: outgoingUri.optional(),
    /** Types of authorization details that it may ask for (RFC 9396 s10). */
    authorizationDetailsTypes: z.array(z.string().min(1).max(256)).max(50).default([]),
    idTokenAlgorithm: z.enum(responseAlgorithms).default('ES256'),
    idTokenEncryption: encrypted,
    userinfoAlgorithm: signed,
    userinfoEncryption: encrypted.meta({ description: 'encrypts userinfo to the client' }),
    introspectionAlgorithm: signed,
    introspectionEncryption: encrypted.meta({ description: 'encrypts signed introspection answers to the client' }),
    authorizationAlgorithm: signed,
    authorizationEncryption: encrypted.meta({ description: 'encrypts JWT authorization answers to the client' }),
    defaultMaxAgeSeconds: z.number().int().min(0).max(31_536_000).optional(),
    backchannelLogoutUri: outgoingUri.optional(),
    backchannelLogoutSessionRequired: z.boolean().default(false),
    logo: httpsUri.optional(),
    policyUri: httpsUri.optional(),
    tosUri: httpsUri.optional(),
  })
  .superRefine(
    (client, context) => {
      // What a rule finds makes no other rule's members faulty: all are judged by what was given.
      const judged = clientRules.filter(({ needs }) => areSound(context, needs))
      for (const { judge } of judged) judge(client, sayFault(context))
    },
    { when: isRecord },
  )

export type ClientRegistration = z.output<typeof clientRegistration>

/** A registration as it was stored, whatever release stored it: members that came later take their defaults. */
export const readRegistration = (text: string): ClientRegistration => clientRegistration.parse(JSON.parse(text))
