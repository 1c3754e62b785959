/** S12 over HTTP: what reaches the pages and the protocol, and what each answer carries. */
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { expect } from 'chai'
import { startTestServer, type TestServer } from '../support/server.ts'

describe('the door of a server', () => {
  let server: TestServer
  before(async () => {
    server = await startTestServer()
  })
  after(() => server.close())

  async function raw(target: string, ...headers: string[]): Promise<{ head: string; body: string }> {
    const socket = connect(server.port, 'localhost')
    socket.write([`GET ${target} HTTP/1.1`, 'Connection: close', ...headers, '', ''].join('\r\n'))
    const [head = '', body = ''] = (await text(socket)).split('\r\n\r\n')
    return { head, body }
  }

  const discovery = '/.well-known/openid-configuration'
  const spoofs = {
    'no spoof': [discovery, 'Host: localhost'],
    'another Host': [discovery, 'Host: evil.example'],
    'X-Forwarded-Host': [discovery, 'Host: localhost', 'X-Forwarded-Host: evil.example', 'X-Forwarded-Proto: https'],
    Forwarded: [discovery, 'Host: localhost', 'Forwarded: host=evil.example;proto=https'],
    'a target with a host': [`http://evil.example${discovery}`, 'Host: localhost'],
    'a target with another protocol': [`https://evil.example:81${discovery}`, 'Host: evil.example'],
  } as const
  for (const [what, [target, ...headers]] of Object.entries(spoofs)) {
    it(`S12: builds every address on the issuer with ${what}`, async () => {
      const { head, body } = await raw(target, ...headers)
      expect(head).to.match(/^HTTP\/1\.1 200 /)
      const metadata = JSON.parse(body)
      expect(metadata.issuer).to.equal(server.issuer)
      const addresses = Object.entries(metadata).filter(([name]) => /_(endpoint|uri)$/.test(name))
      expect(addresses.length).to.be.greaterThan(4)
      for (const [name, address] of addresses) expect(address, name).to.match(new RegExp(`^${server.issuer}/`))
      expect(`${head}${body}`).not.to.include('evil')
    })
  }

  it('S12: leads to no other host by a path that begins with two slashes', async () => {
    const { head, body } = await raw('//evil.example/auth', 'Host: localhost')
    expect(head)
      .to.match(/^HTTP\/1\.1 404 /)
      .and.not.match(/location/i)
    expect(body).not.to.include('evil')
  })

  it('refuses a request without a host (RFC 9112 s3.2)', async () => {
    expect((await raw(discovery)).head).to.match(/^HTTP\/1\.1 400 /)
  })

  for (const path of ['/', discovery, '/nothing-here', '/auth', '/interaction/x', '/token', '/jwks', '/session/end']) {
    it(`S06: no answer may be framed, sniffed or referred from: ${path}`, async () => {
      const { headers } = await fetch(new URL(path, server.issuer), { redirect: 'manual' })
      expect(headers.get('x-frame-options')).to.equal('DENY')
      expect(headers.get('x-content-type-options')).to.equal('nosniff')
      expect(headers.get('referrer-policy')).to.equal('no-referrer')
      expect(headers.get('content-security-policy')).to.match(/^default-src 'none'.*frame-ancestors 'none'/)
      expect(headers.get('content-security-policy')).not.to.include('unsafe')
    })
  }

  for (const length of ['65537', '1e9', '9'.repeat(20)]) {
    it(`X02: turns a body of ${length} bytes away before it is sent`, async () => {
      const socket = connect(server.port, 'localhost')
      socket.write(`POST /token HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${length}\r\n\r\n`)
      expect(await text(socket)).to.match(/^HTTP\/1\.1 4(13|00) /)
    })
  }
})
