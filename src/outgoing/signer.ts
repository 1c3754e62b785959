/**
 * How a signer is asked that holds the private half of a key, such as the door of a KMS: `POST` with `{kid, alg, input}`, the input being what is to
 * be signed, in base64url; 200 and `{signature}`, in base64url as JOSE has it (RFC 7515). Over a unix socket (`unix:/run/signer.sock`), over http
 * on loopback, or over https. The operator named it, so its address is not judged as those are that clients name.
 */
import http, { type IncomingMessage } from 'node:http'
import https from 'node:https'
import { Refusal } from '../base/errors.ts'
import { bytesOf, responseTo } from './exchange.ts'

export interface SigningRequest {
  kid: string
  alg: string
  input: Uint8Array
}

export interface Signers {
  /** Does NOT check whose signature it is. @throws Refusal `signer_unavailable`, 503, its reason in the log alone */
  sign(signer: URL, request: SigningRequest): Promise<Buffer>
}

export interface SignerOptions {
  /** Starts a clock: aborts after so many milliseconds. */
  deadline(milliseconds: number): AbortSignal
  timeoutMilliseconds?: number
  /** Of one signer: more are refused at once, since whoever waits behind so many has given up by then. */
  mostAtOnce?: number
}

/** The largest signature has fewer than five thousand bytes. */
const mostBytes = 16_384

export function createSigners({ deadline, timeoutMilliseconds = 2_000, mostAtOnce = 64 }: SignerOptions): Signers {
  // Connections are kept: a signer answers in less time than it takes to open one.
  const agents = { http: new http.Agent({ keepAlive: true }), https: new https.Agent({ keepAlive: true }) }
  const underWay = new Map<string, number>()

  function begin(signer: URL, signal: AbortSignal, length: number): http.ClientRequest {
    const common = {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'content-length': length, accept: 'application/json' },
      signal,
    }
    if (signer.protocol === 'unix:')
      return http.request({ ...common, agent: agents.http, socketPath: decodeURIComponent(signer.pathname), path: '/' })
    if (signer.protocol === 'http:') return http.request(signer, { ...common, agent: agents.http })
    return https.request(signer, { ...common, agent: agents.https })
  }

  async function ask(signer: URL, body: string, isSecond = false): Promise<Buffer> {
    const request = begin(signer, deadline(timeoutMilliseconds), Buffer.byteLength(body))
    try {
      const response = responseTo(request)
      request.end(body)
      return await signatureIn(await response)
    } catch (cause) {
      // A kept connection that the signer closed at this moment says nothing about the signer.
      if (request.reusedSocket && !isSecond && (cause as NodeJS.ErrnoException).code === 'ECONNRESET')
        return ask(signer, body, true)
      throw cause
    } finally {
      request.removeAllListeners('close')
    }
  }

  return {
    async sign(signer, { kid, alg, input }) {
      const waiting = underWay.get(signer.href) ?? 0
      if (waiting >= mostAtOnce) throw away('busy')
      underWay.set(signer.href, waiting + 1)
      try {
        return await ask(signer, JSON.stringify({ kid, alg, input: Buffer.from(input).toString('base64url') }))
      } catch (cause) {
        throw cause instanceof Refusal ? cause : away('connection', cause)
      } finally {
        underWay.set(signer.href, (underWay.get(signer.href) as number) - 1)
      }
    },
  }
}

/** What is said to whoever wanted a token. */
export function away(reason: string, cause?: unknown): Refusal {
  return new Refusal('signer_unavailable', 'Nothing can be signed at this moment. Please try again.', {
    status: 503,
    detail: { reason },
    cause,
  })
}

async function signatureIn(response: IncomingMessage): Promise<Buffer> {
  const answer = await bytesOf(response, mostBytes, () => away('too_large'))
  if (response.statusCode !== 200) throw away(`status ${response.statusCode}`)
  const { signature } = JSON.parse(String(answer)) as { signature?: unknown }
  if (typeof signature !== 'string' || !/^[\w-]+$/.test(signature)) throw away('no signature')
  return Buffer.from(signature, 'base64url')
}
