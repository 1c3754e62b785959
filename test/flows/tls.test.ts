/** The server that ends TLS itself, by a certificate made for this run. */
import { chmodSync, writeFileSync } from 'node:fs'
import https from 'node:https'
import path from 'node:path'
import { text } from 'node:stream/consumers'
import { expect } from 'chai'
import { refusalOf } from '../store/place.ts'
import { type Certificate, selfSigned } from '../support/certificate.ts'
import { freePort } from '../support/ports.ts'
import { startTestServer, temporaryFolder } from '../support/server.ts'

interface Answer {
  status: number | undefined
  cookies: string[]
  headers: Record<string, unknown>
  body: string
}

function get(url: string, ca: string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = https.get(url, { ca, agent: false, headers: { accept: 'text/html' } }, async (response) => {
      const { statusCode: status, headers } = response
      resolve({ status, headers, cookies: headers['set-cookie'] ?? [], body: await text(response) })
    })
    request.on('error', reject)
  })
}

/** Files as an operator would lay them down. */
function lay({ certificate, key }: Certificate, keyMode = 0o600) {
  const folder = temporaryFolder()
  const tls = { certificate: path.join(folder, 'certificate.pem'), key: path.join(folder, 'key.pem') }
  writeFileSync(tls.certificate, certificate)
  writeFileSync(tls.key, key)
  chmodSync(tls.key, keyMode)
  return tls
}
const start = async (tls: { certificate: string; key: string }, port?: number) =>
  startTestServer({ settings: { listen: { port: port ?? (await freePort()), tls } } })

describe('a server with a certificate', () => {
  it('speaks https as its issuer says, and plain http to nobody', async () => {
    const own = selfSigned()
    const tls = lay(own)
    const port = await freePort()
    const secure = await start(tls, port)
    try {
      const issuer = `https://localhost:${port}`
      const metadata = JSON.parse((await get(`${issuer}/.well-known/openid-configuration`, own.certificate)).body)
      expect(metadata).to.include({ issuer, token_endpoint: `${issuer}/token`, end_session_endpoint: `${issuer}/session/end` })
      const page = await get(`${issuer}/session/end`, own.certificate)
      expect(page.headers['strict-transport-security']).to.match(/max-age=\d{8}/)
      expect(page.cookies.length).to.be.greaterThan(0)
      for (const cookie of page.cookies) expect(cookie).to.match(/^__(Host|Secure)-.*; secure/i)
      const plain = await fetch(`http://localhost:${port}/`).then(
        ({ status }) => status,
        () => 'nothing',
      )
      expect(plain).to.equal('nothing')
      const stranger = await get(issuer, selfSigned().certificate).catch((error) => error.code)
      expect(stranger, 'the certificate is the one that was given').to.match(/CERT|SELF_SIGNED|SIGNATURE/)
    } finally {
      await secure.close()
    }
  })

  const [one, other] = [selfSigned(), selfSigned()]
  for (const [what, tls, sentence] of [
    ['its key can be read by others', lay(one, 0o644), /can be read by others \(mode 644\)/],
    ['its key is another certificate’s', lay({ ...one, key: other.key }), /are no certificate with its key/],
    ['its key is none', lay({ ...one, key: 'x' }), /are no certificate with its key/],
    ['its certificate is none', lay({ ...one, certificate: 'x' }), /are no certificate with its key/],
    ['its key is not there', { ...lay(one), key: '/nowhere/key.pem' }, /\/nowhere\/key\.pem is not there/],
    [
      'its certificate is not there',
      { ...lay(one), certificate: '/nowhere/c.pem' },
      /\/nowhere\/c\.pem cannot be read \(ENOENT\)/,
    ],
  ] as const) {
    it(`K09 does not start when ${what}`, async () => {
      const refusal = await refusalOf(start(tls))
      expect(refusal.code).to.equal('unreadable_key')
      expect(refusal.message).to.match(sentence)
    })
  }
})
