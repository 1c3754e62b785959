/**
 * Client certificates (RFC 8705) as a proxy hands them on, and whether one is the one that a client registered. The connection was the
 * proxy's: nothing here shows that the sender holds the private key, nor that an authority vouches for the certificate.
 */
import { X509Certificate } from 'node:crypto'
import { isIP, SocketAddress } from 'node:net'
import type { SubjectField } from '../settings/client/authentication.ts'
import { sameName } from './distinguished-names.ts'

/** Far more than a certificate has, with a chain of alternative names. */
const longestHeader = 12_000

/**
 * RFC 9440 s2.1 (`:base64:`), or PEM with percent signs as nginx writes it (`$ssl_client_escaped_cert`).
 * @returns undefined for anything else, two certificates included
 */
export function certificateFrom(header: string): X509Certificate | undefined {
  if (header.length > longestHeader) return undefined
  const binary = /^:([A-Za-z0-9+/]+={0,2}):$/.exec(header)?.[1]
  try {
    if (binary) return new X509Certificate(Buffer.from(binary, 'base64'))
    const pem = decodeURIComponent(header)
    return /^-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----\s*$/.test(pem)
      ? new X509Certificate(pem)
      : undefined
  } catch {
    return undefined
  }
}

/** RFC 5280 s4.1.2.5: both ends belong to the time in which it is valid. @param now seconds since the epoch */
export function isInItsTime({ validFromDate, validToDate }: X509Certificate, now: number): boolean {
  return validFromDate.getTime() <= now * 1000 && now * 1000 <= validToDate.getTime()
}

const typeOf = { dns: 'DNS', uri: 'URI', ip: 'IP Address', email: 'email' } as const

/** @param expected the subject by RFC 4514, or an alternative name, by exact comparison: `*` in a certificate is a letter like any other */
export function bearsSubject(certificate: X509Certificate, field: SubjectField, expected: string): boolean {
  if (field === 'dn') return sameName(certificate.subject ?? '', expected)
  const type = typeOf[field]
  const wanted = normalised(field, expected)
  return alternativeNames(certificate.subjectAltName ?? '').some(
    (name) => name.type === type && normalised(field, name.value) === wanted,
  )
}

function normalised(field: SubjectField, value: string): string {
  if (field === 'dns') return value.toLowerCase()
  const family = field === 'ip' ? isIP(value) : 0
  return family === 0 ? value : new SocketAddress({ address: value, family: family === 4 ? 'ipv4' : 'ipv6' }).address
}

/**
 * Node writes alternative names as one line, and what could be taken for a separator as a JSON string (CVE-2021-44532): so the line is read
 * as it was written, never searched.
 * @returns nothing at all when a part of it cannot be read
 */
function alternativeNames(line: string): { type: string; value: string }[] {
  const names: { type: string; value: string }[] = []
  const name = /([A-Za-z ]+):("(?:[^"\\]|\\.)*"|[^",]*)(?:, |$)/y
  while (name.lastIndex < line.length) {
    const [whole, type = '', value = ''] = name.exec(line) ?? []
    if (whole === undefined) return []
    names.push({ type, value: value.startsWith('"') ? String(JSON.parse(value)) : value })
  }
  return names
}
