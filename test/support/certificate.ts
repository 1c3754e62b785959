/** A self-signed certificate for this test run: no `openssl`, no private key in the repository, nothing that runs out. */
import { createPublicKey, generateKeyPairSync, hash, randomBytes, sign, X509Certificate } from 'node:crypto'
import { isIPv4, isIPv6 } from 'node:net'

export interface Certificate {
  certificate: string
  key: string
}

/** A relative distinguished name: its attributes. */
export type Relative = [type: keyof typeof attributeTypes, value: string][]

/**
 * X.509 v3 (RFC 5280) on P-256, good for names and addresses.
 * @param names DNS names as they stand, IP addresses, `uri:…`, `email:…` @param validForDays negative for one that has run out
 * @param subject the root first
 */
export function selfSigned(
  names: string[] = ['localhost', '127.0.0.1', '::1'],
  validForDays = 1,
  subject: Relative[] = [[['CN', names[0] ?? 'test']]],
): Certificate {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const name = sequence(
    ...subject.map((relative) => set(...relative.map(([type, value]) => sequence(oid(attributeTypes[type]), text(value))))),
  )
  const algorithm = sequence(oid('2a8648ce3d040302'))
  const now = Date.now()
  const day = 86_400_000
  const body = sequence(
    der(0xa0, integer(Buffer.of(2))),
    integer(Buffer.concat([Buffer.of(1), randomBytes(15)])),
    algorithm,
    name,
    sequence(time(now - 2 * day), time(now + validForDays * day)),
    name,
    publicKey.export({ format: 'der', type: 'spki' }),
    der(0xa3, sequence(sequence(oid('551d11'), der(0x04, sequence(...names.map(alternative)))))),
  )
  const signature = sign('sha256', body, privateKey)
  const certificate = sequence(body, algorithm, der(0x03, Buffer.of(0), signature))
  return {
    certificate: `-----BEGIN CERTIFICATE-----\n${certificate.toString('base64').replace(/.{64}(?=.)/g, '$&\n')}\n-----END CERTIFICATE-----\n`,
    key: privateKey.export({ format: 'pem', type: 'pkcs8' }) as string,
  }
}

const attributeTypes = { CN: '550403', C: '550406', O: '55040a', OU: '55040b' }

function der(tag: number, ...parts: Buffer[]): Buffer {
  const content = Buffer.concat(parts)
  const { length } = content
  const size = length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff]
  return Buffer.concat([Buffer.of(tag, ...size), content])
}

const sequence = (...parts: Buffer[]) => der(0x30, ...parts)
const set = (...parts: Buffer[]) => der(0x31, ...parts)
const integer = (bytes: Buffer) => der(0x02, bytes)
const oid = (hex: string) => der(0x06, Buffer.from(hex, 'hex'))
const text = (value: string) => der(0x0c, Buffer.from(value))
const time = (at: number) => der(0x17, Buffer.from(`${new Date(at).toISOString().replace(/[-:T]/g, '').slice(2, 14)}Z`))

function alternative(name: string): Buffer {
  if (isIPv4(name)) return der(0x87, Buffer.from(name.split('.').map(Number)))
  if (name === '::1') return der(0x87, Buffer.from(`${'00'.repeat(15)}01`, 'hex'))
  if (name.startsWith('uri:')) return der(0x86, Buffer.from(name.slice(4)))
  if (name.startsWith('email:')) return der(0x81, Buffer.from(name.slice(6)))
  if (isIPv6(name)) throw new TypeError(`${name}: of IPv6, ::1 alone`)
  return der(0x82, Buffer.from(name))
}

const rawOf = ({ certificate }: Certificate) => new X509Certificate(certificate).raw

/** As a proxy hands it on (RFC 9440). */
export const inHeader = (one: Certificate): string => `:${rawOf(one).toString('base64')}:`
/** RFC 8705 s3.1. */
export const thumbprintOf = (one: Certificate): string => hash('sha256', rawOf(one), 'base64url')

/** What a client registers for it (RFC 8705 s2.2.2). */
export function jwksOf(one: Certificate) {
  const jwk = createPublicKey(one.certificate).export({ format: 'jwk' })
  return { keys: [{ ...jwk, x5c: [rawOf(one).toString('base64')] }] }
}
