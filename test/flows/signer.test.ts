/** A key whose private half lies with a signer, in a process of its own. The signer dies, and comes back. */
import { type ChildProcess, spawn } from 'node:child_process'
import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import { once } from 'node:events'
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { createServer, type Server, type ServerResponse } from 'node:http'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { json } from 'node:stream/consumers'
import { expect } from 'chai'
import { silentLog } from '../../src/base/log.ts'
import { openKeyFolder } from '../../src/crypto/key-files.ts'
import { keysInFolder } from '../../src/crypto/key-place.ts'
import { openKeyRing } from '../../src/crypto/keyring.ts'
import { rotationPolicy } from '../../src/crypto/rotation.ts'
import { signatureBy } from '../../src/crypto/signature.ts'
import { createSignatures } from '../../src/oauth/signatures.ts'
import { createSigners } from '../../src/outgoing/signer.ts'
import { createResourceServer, defineResource } from '../../src/resource-server/index.ts'
import { createVisitor } from '../../src/try/visitor.ts'
import { refusalOf } from '../crypto/folder.ts'
import { keptLog } from '../support/log.ts'
import { question } from '../support/questions.ts'
import { api, startTestServer, type TestServer, temporaryFolder } from '../support/server.ts'
import { authorizationUrl, type Cast, cast, codeFor, pkce, redeem, redirectUri, refresh, token } from '../support/story.ts'
import { returnToPresent, travel } from '../support/time.ts'
import { until } from '../support/until.ts'

const notes = defineResource({ id: api, scopes: { 'notes:read': 'Read your notes' } })

/** @returns the process, when it listens, and the key files that it printed */
async function startSigner(
  socket: string,
  ...files: string[]
): Promise<{ child: ChildProcess; keys: Record<string, unknown>[] }> {
  const script = path.resolve(import.meta.dirname, '../../scripts/local-signer.ts')
  const child = spawn(process.execPath, [script, socket, ...files], { stdio: ['ignore', 'pipe', 'pipe'] })
  process.once('exit', () => child.kill('SIGKILL'))
  const keys: Record<string, unknown>[] = []
  createInterface({ input: child.stdout! }).on('line', (line) => keys.push(JSON.parse(line)))
  for await (const line of createInterface({ input: child.stderr! })) {
    if (line !== 'listening') continue
    await until('the key files', () => keys.length === files.length)
    return { child, keys }
  }
  throw new Error('the signer ended')
}

async function end(child: ChildProcess): Promise<void> {
  child.kill('SIGKILL')
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
}

describe('a signer that holds the private keys', () => {
  let folder: string
  let socket: string
  let file: string
  let signer: Awaited<ReturnType<typeof startSigner>>
  let server: TestServer
  let who: Cast
  const { log, lines } = keptLog()
  before(async () => {
    folder = temporaryFolder()
    socket = path.join(folder, 'signer.sock')
    file = path.join(folder, 'held.json')
    signer = await startSigner(socket, file)
    mkdirSync(path.join(folder, 'keys'), { mode: 0o700 })
    writeFileSync(path.join(folder, 'keys', 'signing-held.json'), JSON.stringify(signer.keys[0]), { mode: 0o600 })
    server = await startTestServer({ folder, log })
    who = await cast(server)
  })
  after(async () => {
    returnToPresent()
    await server.close()
    await end(signer.child)
  })

  const machine = () => token(server, who.machine, { grant_type: 'client_credentials', scope: 'notes:read' })
  const events = (event: string) => lines.filter((line) => line.event === event)
  const headerOf = (jwt: string) => JSON.parse(String(Buffer.from(jwt.split('.', 1)[0]!, 'base64url')))

  it('signs tokens that verifiers take, and the private half is nowhere here', async () => {
    const { body } = await machine()
    expect(headerOf(body.access_token!)).to.include({ alg: 'ES256', kid: signer.keys[0]!.kid })
    const verified = await createResourceServer({ issuer: server.issuer, resource: notes }).verify(body.access_token!)
    expect(verified.claims.sub).to.equal('machine')
    expect(signer.keys[0]).to.not.have.any.keys('d', 'priv')
    expect(
      readdirSync(path.join(folder, 'keys')).filter((name) => name.includes('ES256')),
      'none is made here',
    ).to.deep.equal([])
    const { keys } = (await (await fetch(`${server.issuer}/jwks`)).json()) as { keys: object[] }
    for (const key of keys) expect(key).to.not.have.any.keys('signer', 'd', 'created_at')
  })
  it('is asked by many at once over few connections', async () => {
    const answers = await Promise.all(Array.from({ length: 60 }, machine))
    expect(new Set(answers.map(({ status }) => status))).to.deep.equal(new Set([200]))
  })
  it('X08 is away: 503 and when to come back, nothing is used up, what needs no signature goes on, and all goes on when it is back', async () => {
    const signed = await codeFor(server, who.native)
    const before = (await redeem(server, who.native, await codeFor(server, who.native))).body.refresh_token as string
    const unused = await codeFor(server, who.web)
    await end(signer.child)
    // What was signed within a second counts as a sign that the signer is there.
    travel(2)
    for (const answer of await Promise.all([
      machine(),
      redeem(server, who.native, signed),
      redeem(server, who.web, unused),
      refresh(server, who.native, before),
    ])) {
      expect([answer.status, answer.body.error, answer.headers.get('retry-after')]).to.deep.equal([
        503,
        'temporarily_unavailable',
        '1',
      ])
      expect(answer.body).to.not.have.any.keys('access_token', 'refresh_token')
    }
    expect((await fetch(`${server.issuer}/jwks`)).status).to.equal(200)
    expect((await fetch(`${server.issuer}/health/ready`)).status).to.equal(200)
    await codeFor(server, who.web)
    expect(events('signer.away'), 'said once').to.have.length(1)
    expect(events('signer.away')[0]).to.include({ kid: signer.keys[0]!.kid })

    signer = await startSigner(socket, file)
    expect((await machine()).status, 'by itself').to.equal(200)
    expect(events('signer.back')).to.have.length(1)
    expect((await redeem(server, who.native, signed)).status, 'the code is as good as it was').to.equal(200)
    expect((await redeem(server, who.web, unused)).status).to.equal(200)
    expect((await refresh(server, who.native, before)).status, 'the refresh token too').to.equal(200)
  })
  it('is missed at the start already, which goes on without it', async () => {
    const elsewhere = temporaryFolder()
    const keys = path.join(elsewhere, 'keys')
    mkdirSync(keys, { mode: 0o700 })
    const key = { ...signer.keys[0], signer: 'unix:/nowhere/at.all' }
    writeFileSync(path.join(keys, 'signing-held.json'), JSON.stringify(key), { mode: 0o600 })
    const kept = keptLog()
    const lonely = await startTestServer({ folder: elsewhere, log: kept.log })
    await until('a line', () => kept.lines.length > 0)
    expect(kept.lines.map(({ event }) => event)).to.deep.equal(['signer.away'])
    expect((await fetch(`${lonely.issuer}/jwks`)).status).to.equal(200)
    await lonely.close()
  })
  it('X08 is away from whatever else is to be signed: a page, userinfo and introspection say 503 as well', async () => {
    const added = await server.parts.clients.add({
      id: 'signed',
      name: 'Signed',
      kind: 'web',
      redirectUris: [redirectUri],
      userinfoAlgorithm: 'ES256',
      authorizationAlgorithm: 'ES256',
      introspectionAlgorithm: 'ES256',
    })
    const credentials = { id: 'signed', secret: added.secret }
    const { access_token } = (await redeem(server, credentials, await codeFor(server, credentials, { scope: 'openid' }))).body
    const userinfo = () => fetch(`${server.issuer}/userinfo`, { headers: { authorization: `Bearer ${access_token}` } })
    const jarm = () =>
      createVisitor(server.issuer).open(
        authorizationUrl(server.issuer, 'signed', pkce().challenge, { response_mode: 'jwt', prompt: 'none', scope: 'openid' }),
      )
    const asked = () =>
      question(server, 'introspection', credentials, { token: access_token! }, { accept: 'application/token-introspection+jwt' })
    const statuses = async () => [
      (await userinfo()).status,
      (await jarm()).leftTo ? 'sent back' : (await jarm()).status,
      (await asked()).status,
    ]
    expect(await statuses(), 'the control').to.deep.equal([200, 'sent back', 200])
    await end(signer.child)
    expect(await statuses()).to.deep.equal([503, 503, 503])
    signer = await startSigner(socket, file)
    expect(await statuses()).to.deep.equal([200, 'sent back', 200])
  })
})

describe('a signer', () => {
  let answer: (request: { kid: string; alg: string; input: string }, response: ServerResponse) => void
  let listener: Server
  let signer: URL
  const deadline = AbortSignal.timeout
  const request = { kid: 'k', alg: 'ES256', input: Buffer.from('input') }
  before(async () => {
    const socket = path.join(temporaryFolder(), 'signer.sock')
    listener = createServer(async (incoming, response) => answer((await json(incoming)) as typeof asked, response))
    await new Promise<void>((resolve) => listener.listen(socket, resolve))
    signer = new URL(`unix:${socket}`)
  })
  after(() => {
    listener.closeAllConnections()
    listener.close()
  })
  let asked: { kid: string; alg: string; input: string }
  const says = (status: number, body: string) => {
    answer = (given, response) => {
      asked = given
      response.writeHead(status).end(body)
    }
  }
  const reasonOf = async (sign: Promise<unknown>) => {
    const refusal = await refusalOf(() => sign)
    expect(refusal).to.include({ code: 'signer_unavailable', status: 503 })
    return refusal.detail?.reason
  }

  it('is told what to sign and by what', async () => {
    says(200, JSON.stringify({ signature: 'AQID' }))
    expect([...(await createSigners({ deadline }).sign(signer, request))]).to.deep.equal([1, 2, 3])
    expect(asked).to.deep.equal({ kid: 'k', alg: 'ES256', input: Buffer.from('input').toString('base64url') })
  })
  for (const [what, status, body, reason] of [
    ['says no', 404, '{}', 'status 404'],
    ['sends elsewhere', 302, '{"signature":"AQID"}', 'status 302'],
    ['says no JSON', 200, '<html>', 'connection'],
    ['says null', 200, 'null', 'connection'],
    ['says no signature', 200, '{}', 'no signature'],
    ['says one in another form', 200, '{"signature":"AQ+/=="}', 'no signature'],
    ['says too much', 200, JSON.stringify({ signature: 'A'.repeat(20_000) }), 'too_large'],
  ] as const) {
    it(`that ${what} is away`, async () => {
      says(status, body)
      expect(await reasonOf(createSigners({ deadline }).sign(signer, request))).to.equal(reason)
    })
  }
  it('that never answers is given up, and so is one that is not there', async () => {
    answer = () => {}
    const signers = createSigners({ deadline, timeoutMilliseconds: 50 })
    expect(await reasonOf(signers.sign(signer, request))).to.equal('connection')
    expect(await reasonOf(signers.sign(new URL('unix:/nowhere/at.all'), request))).to.equal('connection')
    expect(await reasonOf(signers.sign(new URL('http://127.0.0.1:1/'), request))).to.equal('connection')
  })
  it('is asked by so many at once and no more, and again when they are done', async () => {
    const waiting: ServerResponse[] = []
    answer = (_given, response) => void waiting.push(response)
    const signers = createSigners({ deadline, mostAtOnce: 3 })
    const first = Array.from({ length: 3 }, () => signers.sign(signer, request))
    expect(await reasonOf(signers.sign(signer, request))).to.equal('busy')
    while (waiting.length < 3) await new Promise(setImmediate)
    for (const response of waiting) response.end('{"signature":"AQID"}')
    await Promise.all(first)
    says(200, '{"signature":"AQID"}')
    await signers.sign(signer, request)
  })
  it('that answers with the signature of another key is away', async () => {
    const place = keysInFolder(openKeyFolder(path.join(temporaryFolder(), 'keys')))
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    const { d: _, ...publicJwk } = privateKey.export({ format: 'jwk' })
    const text = JSON.stringify({ ...publicJwk, alg: 'ES256', created_at: 1, signer: signer.href })
    await place.create({ algorithm: 'ES256', kid: 'x', createdAt: 1, after: undefined }, text)
    const now = () => 1_700_000_000
    const ring = await openKeyRing(place, { algorithms: ['ES256'], policy: rotationPolicy(7_776_000, 3_600), now })
    const signatures = createSignatures({ ring, signers: createSigners({ deadline }), now, log: silentLog })
    const key = ring.current('ES256')
    const signedBy = async (by: KeyObject) => {
      const signature = (await signatureBy('ES256', by, Buffer.from('input'))).toString('base64url')
      says(200, JSON.stringify({ signature }))
    }
    await signedBy(privateKey)
    expect(await signatures.by(key, Buffer.from('input')), 'the control').to.have.length(64)
    await signedBy(generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey)
    expect(await reasonOf(signatures.by(key, Buffer.from('input')))).to.equal('no signature by this key')
    says(200, '{"signature":"AQID"}')
    expect(await reasonOf(signatures.by(key, Buffer.from('input')))).to.equal('no signature by this key')
  })

  it('L18 is logged without what its address says of who asks', async () => {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    // Nobody listens there.
    const address = 'https://signet:word-of-the-address@127.0.0.1:1/key-of-the-path?key=of-the-query'
    const place = keysInFolder(openKeyFolder(path.join(temporaryFolder(), 'keys')))
    const { d: _, ...publicJwk } = privateKey.export({ format: 'jwk' })
    const text = JSON.stringify({ ...publicJwk, alg: 'ES256', created_at: 1, signer: address })
    await place.create({ algorithm: 'ES256', kid: 'x', createdAt: 1, after: undefined }, text)
    const now = () => 1_700_000_000
    const ring = await openKeyRing(place, { algorithms: ['ES256'], policy: rotationPolicy(7_776_000, 3_600), now })
    const { log, lines } = keptLog()
    const signatures = createSignatures({ ring, signers: createSigners({ deadline }), now, log })
    await signatures.by(ring.current('ES256'), Buffer.from('input')).catch(() => {})
    expect(lines[0]).to.include({ event: 'signer.away', signer: 'https://127.0.0.1:1' })
    expect(JSON.stringify(lines)).to.not.match(/of-the-/)
  })
})
