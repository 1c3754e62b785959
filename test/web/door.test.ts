/** S12: what a request says of itself is not believed, but for a trusted proxy's word on where it came from. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { expect } from 'chai'
import { createDoor } from '../../src/web/door.ts'
import { createHeaders } from '../../src/web/headers.ts'

interface Passed {
  url: string
  headers: Record<string, string>
}

const issuer = 'https://id.example.com'
const stranger = '203.0.113.9'
const proxies = ['10.0.0.0/8', '192.0.2.1', '2001:db8::/32']

function pass(peer: string | undefined, headers: Record<string, string> = {}, trustedProxies = proxies, url = '/'): Passed {
  const request = { url, headers: { ...headers }, socket: { remoteAddress: peer } } as unknown as IncomingMessage
  const response = { setHeader() {} } as unknown as ServerResponse
  let passed: IncomingMessage | undefined
  createDoor({ issuer, headers: createHeaders({ development: false }), trustedProxies }, (seen) => {
    passed = seen
  })(request, response)
  return passed as unknown as Passed
}

const addressOf = (peer: string | undefined, forwarded?: string, trusted = proxies) =>
  pass(peer, forwarded === undefined ? {} : { 'x-forwarded-for': forwarded }, trusted).headers['x-forwarded-for']

describe('S12: the host and the protocol of a request', () => {
  const spoofed = {
    host: 'evil.example',
    'x-forwarded-host': 'evil.example',
    'x-forwarded-proto': 'http',
    'x-forwarded-port': '81',
    'x-forwarded-prefix': '/evil',
    'x-forwarded-server': 'evil.example',
    'x-forwarded-for': '198.51.100.7',
    forwarded: 'for=198.51.100.7;host=evil.example;proto=http',
    'x-request-id': 'spoofed',
  }

  for (const peer of [stranger, '10.1.2.3']) {
    it(`are the issuer’s own, whatever is sent from ${peer}`, () => {
      const { headers } = pass(peer, spoofed)
      expect(headers).to.include({ host: 'id.example.com', 'x-forwarded-host': 'id.example.com', 'x-forwarded-proto': 'https' })
      expect(Object.keys(headers)).to.have.members([
        'host',
        'x-forwarded-host',
        'x-forwarded-proto',
        'x-forwarded-for',
        'x-request-id',
      ])
      expect(headers['x-request-id']).to.match(/^[0-9a-f-]{36}$/)
      expect(JSON.stringify(headers)).not.to.include('evil')
    })
  }

  for (const [target, path] of [
    ['/auth?a=b', '/auth?a=b'],
    ['http://evil.example/auth?a=b', '/auth?a=b'],
    ['https://evil.example:81', '/'],
    ['//evil.example/auth', '//evil.example/auth'],
    ['evil.example:443', '443'],
    ['*', '/'],
    ['', '/'],
  ] as const) {
    it(`are not taken from the target ${target || '(none)'}`, () =>
      expect(pass(stranger, {}, proxies, target).url).to.equal(path))
  }
})

describe('S12: the address of a client', () => {
  it('is its own when it is no proxy, whatever it says', () => {
    for (const forwarded of [undefined, '198.51.100.7', '10.0.0.1, 10.0.0.2', 'x', '']) {
      expect(addressOf(stranger, forwarded)).to.equal(stranger)
      expect(addressOf('10.1.2.3', forwarded, [])).to.equal('10.1.2.3')
    }
  })

  for (const [what, forwarded, address] of [
    ['the last that a trusted proxy saw', '198.51.100.7', '198.51.100.7'],
    ['not what the client wrote before it', '127.0.0.1, 10.0.0.1, 198.51.100.7', '198.51.100.7'],
    ['found behind a chain of trusted proxies', '198.51.100.7, 10.0.0.1, 192.0.2.1', '198.51.100.7'],
    ['not behind a proxy that is not trusted', '198.51.100.7, 192.0.2.2, 10.0.0.1', '192.0.2.2'],
    ['an IPv6 address as well', '2001:db9::7, 2001:db8::1', '2001:db9::7'],
    ['read without blanks', '  198.51.100.7 ,10.0.0.1', '198.51.100.7'],
    ['the first when all are trusted', '10.0.0.9, 10.0.0.1', '10.0.0.9'],
    ['the proxy’s own when it says nothing', undefined, '10.1.2.3'],
    ['the proxy’s own when it says nonsense', 'unknown', '10.1.2.3'],
    ['the nearest that can be read', '198.51.100.7, nonsense, 10.0.0.1', '10.0.0.1'],
    ['the nearest before nothing', '198.51.100.7,,10.0.0.1', '10.0.0.1'],
  ] as const) {
    it(`is ${what}: ${forwarded}`, () => expect(addressOf('10.1.2.3', forwarded)).to.equal(address))
  }

  it('is seen through IPv4 written as IPv6', () => {
    expect(addressOf('::ffff:10.1.2.3', '198.51.100.7')).to.equal('198.51.100.7')
    expect(addressOf(`::ffff:${stranger}`, '198.51.100.7')).to.equal(`::ffff:${stranger}`)
  })

  it('of a network is each of its addresses, and no other', () => {
    for (const proxy of ['10.0.0.0', '10.255.255.255', '192.0.2.1', '2001:db8:ffff::1'])
      expect(addressOf(proxy, '198.51.100.7'), proxy).to.equal('198.51.100.7')
    for (const other of ['11.0.0.0', '9.255.255.255', '192.0.2.2', '2001:db9::1', '::1'])
      expect(addressOf(other, '198.51.100.7'), other).to.equal(other)
  })

  it('is empty where the connection is gone', () => expect(addressOf(undefined, '198.51.100.7')).to.equal(''))
})
