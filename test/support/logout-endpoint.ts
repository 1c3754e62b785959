/** A client's endpoint for back-channel logout (OpenID Connect Back-Channel Logout 1.0 s2.5), that judges what it gets with jose. */
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { createRemoteJWKSet, type JWTPayload, jwtVerify, type ProtectedHeaderParameters } from 'jose'

export interface Notified {
  request: IncomingMessage
  /** The form's fields. */
  body: URLSearchParams
  token: string
  /** Ends the request; done by itself unless the party waits. */
  answer(status?: number): void
  response: ServerResponse
}

export interface LogoutEndpoint {
  uri: string
  received: Notified[]
  /** The status that it answers with, or nothing when it is to keep the caller waiting. */
  status: number | undefined
  /** The notice after those that were received until now. */
  next(): Promise<Notified>
  close(): Promise<void>
}

export async function startLogoutEndpoint(): Promise<LogoutEndpoint> {
  const waiting: ((notified: Notified) => void)[] = []
  const server = createServer(async (request, response) => {
    const body = new URLSearchParams(await text(request))
    const answer = (status = 200) => void response.writeHead(status, { 'cache-control': 'no-store' }).end()
    const notified = { request, response, body, token: body.get('logout_token') ?? '', answer }
    party.received.push(notified)
    if (party.status !== undefined) answer(party.status)
    waiting.shift()?.(notified)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const party: LogoutEndpoint = {
    uri: `http://127.0.0.1:${(server.address() as AddressInfo).port}/logged-out`,
    received: [],
    status: 200,
    next: () => new Promise((resolve) => waiting.push(resolve)),
    async close() {
      server.close()
      server.closeAllConnections()
    },
  }
  return party
}

export interface Verified {
  payload: JWTPayload
  header: ProtectedHeaderParameters
}

/** As s2.6 has a client do it. @throws whatever jose finds wrong, and an Error for the rules that are the standard's own */
export async function verifyLogoutToken(token: string, issuer: string, clientId: string): Promise<Verified> {
  const { payload, protectedHeader: header } = await jwtVerify(
    token,
    createRemoteJWKSet(new URL(`${issuer}/.well-known/jwks.json`)),
    {
      issuer,
      audience: clientId,
      typ: 'logout+jwt',
      maxTokenAge: 120,
      requiredClaims: ['iss', 'aud', 'iat', 'exp', 'jti', 'events'],
    },
  )
  const events = payload.events as Record<string, unknown>
  const event = events['http://schemas.openid.net/event/backchannel-logout']
  if (typeof event !== 'object' || event === null) throw new Error('no back-channel logout event')
  if (payload.sub === undefined && payload.sid === undefined) throw new Error('neither sub nor sid')
  if ('nonce' in payload) throw new Error('a nonce makes an ID token of it')
  return { payload, header }
}
