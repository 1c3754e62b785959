import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { createServer, request, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import { expect } from 'chai'
import { createApp } from '../../src/sample-client/app.ts'
import { isOurForm } from '../../src/sample-client/guard.ts'
import { COOKIE, sealer } from '../../src/sample-client/session.ts'
import { readSettings } from '../../src/sample-client/settings.ts'

const cookieKey = 'a key of at least thirty-two characters'
const main = fileURLToPath(new URL('../../src/sample-client/main.ts', import.meta.url))

interface Reply {
  status: number
  headers: Record<string, string | string[] | undefined>
  text: string
}

describe('the sample client', () => {
  let server: Server
  let port: number
  let said: unknown[][]
  const { error } = console

  before(async () => {
    server = createServer().listen(0, 'localhost')
    await once(server, 'listening')
    port = (server.address() as AddressInfo).port
    // Nothing listens on port 9: a server that has not started yet.
    const env = {
      SIGNET_CLIENT_PORT: String(port),
      SAMPLE_CLIENT_SECRET: 's',
      SIGNET_ISSUER: 'http://localhost:9',
      SAMPLE_CLIENT_COOKIE_KEY: cookieKey,
    }
    server.on('request', createApp(readSettings(env)).callback())
    said = []
    console.error = (...line) => said.push(line)
  })
  after(() => {
    console.error = error
    server.close()
  })

  async function send(method: string, path: string, headers: Record<string, string> = {}): Promise<Reply> {
    const [response] = await once(
      request({ host: 'localhost', port, method, path, headers: { host: `localhost:${port}`, ...headers } }).end(),
      'response',
    )
    let text = ''
    for await (const chunk of response) text += chunk
    return { status: response.statusCode, headers: response.headers, text }
  }
  const ours = { 'sec-fetch-site': 'same-origin' }
  const session = (value: object) => ({ cookie: `${COOKIE}=${sealer(cookieKey).seal(value)}` })

  it('shows its first page while the server is not there yet', async () => {
    const { status, text, headers } = await send('GET', '/')
    expect(status).to.equal(200)
    expect(text).to.contain('Sign in with Signet')
    expect(headers['content-security-policy']).to.equal(
      "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self' http://localhost:9; base-uri 'none'; frame-ancestors 'none'",
    )
  })

  it('says that the server does not answer, and asks it again the next time', async () => {
    for (const _ of [1, 2]) {
      const { status, text, headers } = await send('POST', '/sign-in', ours)
      expect(status).to.equal(503)
      expect(headers['retry-after']).to.equal('2')
      expect(text).to.contain('No answer from http://localhost:9').and.not.contain('    at ')
    }
    expect(said).to.have.length(2)
  })

  for (const path of ['/sign-in', '/step-up', '/notes/read', '/notes/write', '/refresh', '/sign-out']) {
    it(`refuses a form of another site at ${path}`, async () => {
      for (const site of ['cross-site', 'same-site'])
        expect(await send('POST', path, { 'sec-fetch-site': site })).to.include({ status: 403 })
      expect(await send('POST', path, { origin: 'http://localhost:1' })).to.include({ status: 403 })
      expect(await send('POST', path)).to.include({ status: 403 })
    })
  }

  it('refuses a form under another host name, and shows its pages under one alone', async () => {
    expect(await send('POST', '/sign-in', { ...ours, host: 'evil.example' })).to.include({ status: 403 })
    const { status, headers } = await send('GET', '/callback?code=x', { host: `127.0.0.1:${port}` })
    expect(status).to.equal(302)
    expect(headers.location).to.equal(`http://localhost:${port}/`)
  })

  it('knows its own forms', () => {
    expect(isOurForm('same-origin', '', 'http://localhost:1')).to.equal(true)
    expect(isOurForm('none', '', 'http://localhost:1')).to.equal(true)
    expect(isOurForm('', 'http://localhost:1', 'http://localhost:1')).to.equal(true)
    expect(isOurForm('cross-site', 'http://localhost:1', 'http://localhost:1')).to.equal(false)
    expect(isOurForm('', 'null', 'http://localhost:1')).to.equal(false)
  })

  it('sends who is signed out back to the start', async () => {
    for (const [method, path] of [
      ['GET', '/callback?code=x&state=y'],
      ['POST', '/notes/read'],
      ['POST', '/refresh'],
      ['POST', '/sign-out'],
    ]) {
      const { status, text } = await send(method!, path!, ours)
      expect(status).to.equal(400)
      expect(text).to.contain('Back to the start')
    }
  })

  it('forgets the tokens even if the server cannot be told', async () => {
    const { status, headers } = await send('POST', '/sign-out', { ...ours, ...session({ signedIn: { sub: 'a', idToken: 'x' } }) })
    expect(status).to.equal(503)
    const kept = /sample_client_session=([^;]*)/.exec(String(headers['set-cookie']))![1]!
    expect(sealer(cookieKey).open(kept)).to.deep.equal({})
  })

  it('has no other pages', async () => {
    const { status, text } = await send('GET', '/<script>alert(1)</script>')
    expect(status).to.equal(404)
    expect(text).to.contain('There is no such page').and.not.contain('<script>')
  })

  describe('at start', () => {
    const run = (env: Record<string, string>) =>
      new Promise<{ code: unknown; stderr: string }>((resolve) => {
        execFile(process.execPath, [main], { env }, (failure, _, stderr) => resolve({ code: failure?.code, stderr }))
      })

    it('asks for its secret in one line', async () => {
      const { code, stderr } = await run({})
      expect(code).to.equal(1)
      expect(stderr).to.match(/^sample client: SAMPLE_CLIENT_SECRET is not set.*\n$/)
    })

    it('names a taken port in one line', async () => {
      const { code, stderr } = await run({ SAMPLE_CLIENT_SECRET: 's', SIGNET_CLIENT_PORT: String(port) })
      expect(code).to.equal(1)
      expect(stderr).to.equal(`sample client: port ${port} is taken; set SIGNET_CLIENT_PORT\n`)
    })

    it('listens on this machine alone, unless told otherwise, and keeps its address either way', () => {
      const read = (env: object) => readSettings({ SAMPLE_CLIENT_SECRET: 's', ...env })
      expect(read({})).to.include({ host: 'localhost', origin: 'http://localhost:4002' })
      expect(read({ SIGNET_CLIENT_HOST: '0.0.0.0' })).to.include({ host: '0.0.0.0', origin: 'http://localhost:4002' })
    })

    for (const [name, value] of [
      ['SIGNET_CLIENT_PORT', 'x'],
      ['SIGNET_CLIENT_PORT', '70000'],
      ['SIGNET_ISSUER', 'localhost'],
      ['SIGNET_API', 'ftp://x'],
    ]) {
      it(`refuses ${name}=${value}`, () => {
        expect(() => readSettings({ SAMPLE_CLIENT_SECRET: 's', [name!]: value })).to.throw(name!)
      })
    }
  })
})
