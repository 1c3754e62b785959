/** Clients that are known by a key: their registration, openid-client set up as them, and JWTs as they sign them, or as nobody should. */
import { randomUUID } from 'node:crypto'
import { type CryptoKey, calculateJwkThumbprint, exportJWK, generateKeyPair, type JWK, SignJWT } from 'jose'
import * as client from 'openid-client'
import type { Clients } from '../../src/oauth/clients/clients.ts'
import { createVisitor, type Visitor } from '../../src/try/visitor.ts'
import { type Answer, post } from './post.ts'
import { api, otherApi, type TestServer } from './server.ts'
import { passThrough, redirectUri } from './story.ts'
import { now } from './time.ts'

export interface KeyPair {
  privateKey: CryptoKey
  publicKey: CryptoKey
  jwk: JWK
  alg: string
  thumbprint: string
}

export async function keyPair(alg = 'ES256'): Promise<KeyPair> {
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true })
  const jwk = await exportJWK(publicKey)
  const thumbprint = await calculateJwkThumbprint(jwk)
  // An Ed25519 key signs by two names (RFC 9864), so it is not tied to one.
  const named = alg === 'EdDSA' ? {} : { alg }
  return { privateKey, publicKey, jwk: { ...jwk, ...named, kid: thumbprint, use: 'sig' }, alg, thumbprint }
}

export interface Keyed {
  id: string
  key: KeyPair
}

/** Registers a client that authenticates by `private_key_jwt`. */
export async function addKeyed(
  { parts }: { parts: { clients: Pick<Clients, 'add'> } },
  id: string,
  more: Record<string, unknown> = {},
  alg = 'ES256',
): Promise<Keyed> {
  const key = await keyPair(alg)
  await parts.clients.add({
    id,
    name: `The ${id} app`,
    kind: 'web',
    authentication: 'private_key_jwt',
    jwks: { keys: [key.jwk] },
    redirectUris: [redirectUri],
    apis: { [api]: ['notes:read', 'notes:write'], [otherApi]: ['mail:read'] },
    ...more,
  })
  return { id, key }
}

/** openid-client as this client. */
export const configured = (server: TestServer, { id, key }: Keyed, modify?: client.ModifyAssertionFunction) =>
  client.discovery(
    new URL(server.issuer),
    id,
    undefined,
    client.PrivateKeyJwt({ key: key.privateKey, kid: key.thumbprint }, modify && { [client.modifyAssertion]: modify }),
    { execute: [client.allowInsecureRequests] },
  )

export interface Sent {
  callback: URL
  checks: { pkceCodeVerifier: string; expectedState: string; expectedNonce: string }
}

export type Build = (
  config: client.Configuration,
  parameters: Record<string, string>,
  options?: client.DPoPOptions,
) => Promise<URL>

/** Sends a person through an authorization request, and comes back with what the callback needs. */
export async function sent(
  server: TestServer,
  config: client.Configuration,
  build: Build,
  changes: Record<string, string | undefined> = {},
  {
    options,
    visitor = createVisitor(server.issuer),
    allow,
  }: { options?: client.DPoPOptions; visitor?: Visitor; allow?: boolean } = {},
): Promise<Sent> {
  const { parameters, checks } = await requestParameters(changes)
  const callback = await passThrough(visitor, await visitor.open(await build(config, parameters, options)), { allow })
  return { callback, checks }
}

/** An authorization request that is in order, and what its answer is checked against. */
export async function requestParameters(changes: Record<string, string | undefined> = {}) {
  const pkceCodeVerifier = client.randomPKCECodeVerifier()
  const [expectedState, expectedNonce] = [client.randomState(), client.randomNonce()]
  const all = {
    redirect_uri: redirectUri,
    scope: 'openid notes:read',
    state: expectedState,
    nonce: expectedNonce,
    code_challenge: await client.calculatePKCECodeChallenge(pkceCodeVerifier),
    code_challenge_method: 'S256',
    ...changes,
  }
  const parameters = Object.fromEntries(Object.entries(all).filter((entry): entry is [string, string] => entry[1] !== undefined))
  return { parameters, checks: { pkceCodeVerifier, expectedState, expectedNonce } }
}

/** What openid-client says of a refusal: the server's code, or its own. */
export const refused = (attempt: Promise<unknown>): Promise<string> =>
  attempt.then(
    () => 'accepted',
    ({ error, code, cause }) => error ?? cause?.[0]?.parameters?.error ?? code,
  )

type Members = Record<string, unknown>

async function signed(key: KeyPair, header: Members, claims: Members): Promise<string> {
  return new SignJWT(claims).setProtectedHeader({ alg: key.alg, ...header }).sign(key.privateKey)
}

/** RFC 7523 s3: an assertion in order, but for what is changed; `undefined` leaves a member out. */
export function assertion(server: TestServer, { id, key }: Keyed, claims: Members = {}, header: Members = {}): Promise<string> {
  const time = now()
  const members = { iss: id, sub: id, aud: server.issuer, jti: randomUUID(), iat: time, nbf: time, exp: time + 60, ...claims }
  return signed(key, { kid: key.thumbprint, ...header }, members)
}

/** RFC 9449 s4.2: a proof in order, but for what is changed. */
export function proof(key: KeyPair, htm: string, htu: string, claims: Members = {}, header: Members = {}): Promise<string> {
  const { kid, use, alg, ...jwk } = key.jwk
  return signed(key, { typ: 'dpop+jwt', jwk, ...header }, { jti: randomUUID(), htm, htu, iat: now(), ...claims })
}

/** RFC 9101 s4: a request object in order, but for what is changed. */
export function requestObject(
  server: TestServer,
  { id, key }: Keyed,
  claims: Members = {},
  header: Members = {},
): Promise<string> {
  const time = now()
  const own = {
    iss: id,
    aud: server.issuer,
    client_id: id,
    response_type: 'code',
    jti: randomUUID(),
    iat: time,
    nbf: time,
    exp: time + 60,
  }
  return signed(key, { typ: 'oauth-authz-req+jwt', kid: key.thumbprint, ...header }, { ...own, ...claims })
}

export const assertionType = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'

/** A form, authenticated by an assertion. */
export async function postAs(
  server: TestServer,
  keyed: Keyed,
  path: string,
  form: Record<string, string | undefined>,
  headers: Record<string, string> = {},
): Promise<Answer> {
  const own = { client_id: keyed.id, client_assertion_type: assertionType, client_assertion: await assertion(server, keyed) }
  return post(server, path, { ...own, ...form }, headers)
}
