/** How the issuer is spoken to: its certificate, what plain http does, and which proxies are believed. */
import { connect, type PeerCertificate } from 'node:tls'
import type { Settings } from '../settings/load.ts'
import { type Ask, ask, whyNot } from './ask.ts'
import { type Check, fail, ok, warn } from './check.ts'

const daySeconds = 86_400
/** Let's Encrypt's last thirty of ninety days are for renewing; what is left at seven will not be. */
const days = { early: 20, late: 7 }

/** @returns undefined where there is no TLS. @param now seconds since the epoch */
export async function certificateCheck(base: string, now: number): Promise<Check | undefined> {
  const { protocol, hostname, port, host } = new URL(base)
  if (protocol !== 'https:') return undefined
  const name = 'certificate'
  const seen = await peerOf(hostname.replace(/^\[|\]$/g, ''), Number(port || 443))
  if (typeof seen === 'string' && /^E(NOTFOUND|AI_AGAIN|CONNREFUSED|TIMEDOUT|HOSTUNREACH|NETUNREACH)$/.test(seen))
    return fail(name, `${host} cannot be reached (${seen}), so that there is no certificate to see.`, whyNot(seen))
  if (typeof seen === 'string') return fail(name, `${host} speaks no TLS (${seen}).`, 'See whether the proxy ends TLS there.')
  const { certificate, fault } = seen
  const left = (Date.parse(certificate.valid_to) / 1_000 - now) / daySeconds
  const renew = 'Renew it, and see why that did not happen by itself.'
  if (left < 0) return fail(name, `The certificate of ${host} ran out ${Math.ceil(-left)} days ago.`, renew)
  if (fault)
    return fail(
      name,
      `The certificate of ${host} is not trusted from here (${fault}).`,
      'Serve one for this name, with the certificates that it was signed by; of an authority of your own, NODE_EXTRA_CA_CERTS tells Node.',
    )
  const sentence = `The certificate of ${host} is good for ${Math.floor(left)} more days.`
  if (left < days.late) return fail(name, sentence, renew)
  return left < days.early ? warn(name, sentence, renew) : ok(name, sentence)
}

/** @returns the code of what went wrong, when there is no certificate to look at */
function peerOf(host: string, port: number): Promise<{ certificate: PeerCertificate; fault: string | undefined } | string> {
  return new Promise((resolve) => {
    // One that is not good is to be looked at all the same; nothing is said over this connection.
    const socket = connect({ host, port, servername: /^[\d.:]+$/.test(host) ? '' : host, rejectUnauthorized: false }, () => {
      const { authorizationError } = socket
      resolve({ certificate: socket.getPeerCertificate(), fault: authorizationError ? String(authorizationError) : undefined })
      socket.destroy()
    })
    socket.setTimeout(5_000, () => socket.destroy(Object.assign(new Error('too slow'), { code: 'ETIMEDOUT' })))
    socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message))
  })
}

/**
 * What a person gets who types the name alone. Not asked where the issuer has a port of its own.
 * @param port of plain http
 */
export async function httpCheck(issuer: string, port = 80, asking: Ask = ask): Promise<Check | undefined> {
  const { protocol, hostname, port: own } = new URL(issuer)
  if (protocol !== 'https:' || (own !== '' && port === 80)) return undefined
  const name = 'http'
  const response = await asking(`http://${hostname}:${port}/`).catch(() => undefined)
  if (!response) return ok(name, 'Nothing answers over plain http.')
  const to = response.headers.get('location') ?? ''
  if (response.status >= 300 && response.status < 400 && to.startsWith('https:')) return ok(name, 'Plain http leads to https.')
  return fail(
    name,
    `Plain http is answered ${response.status}.`,
    'Redirect it to https, or answer it not at all: a password typed there is everybody’s.',
  )
}

/** Behind a proxy that is not named, everybody is one network, whose limits everybody shares. */
export function proxiesCheck({ issuer, listen, trustedProxies }: Settings): Check {
  const name = 'proxies'
  const behindOne = issuer.startsWith('https:') && !listen.tls
  if (!behindOne) return ok(name, listen.tls ? 'Signet ends TLS itself.' : 'Signet speaks http itself.')
  if (trustedProxies.length === 0)
    return fail(
      name,
      'A proxy ends TLS, and none is trusted: all people count as one network, and share its limits.',
      'Name its address in trustedProxies, for example [127.0.0.1, ::1], and let it set X-Forwarded-For.',
    )
  const everybody = trustedProxies.find((one) => /\/0$/.test(one))
  if (everybody)
    return fail(
      name,
      `trustedProxies has ${everybody}: whoever sends X-Forwarded-For chooses the limits it has.`,
      'Name the proxies alone.',
    )
  return ok(name, `X-Forwarded-For is believed of ${trustedProxies.join(', ')}.`)
}
