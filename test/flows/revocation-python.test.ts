/** The reader in Python that docs/revocation.md shows is run as it stands there: whoever verifies in another language refuses what ended. */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { expect } from 'chai'
import { decodeProtectedHeader } from 'jose'
import { deadKey, sayDead } from '../../src/tokens/revocation.ts'
import { describeWithPython, python } from '../support/python.ts'
import { apiClients, revoke } from '../support/questions.ts'
import { api, startTestServer, type TestServer } from '../support/server.ts'
import { basic, type Cast, type Credentials, cast, token, tokensFor } from '../support/story.ts'
import { returnToPresent, travel } from '../support/time.ts'

const shown = readFileSync(path.resolve(import.meta.dirname, '../../docs/revocation.md'), 'utf8')
const [, reader = ''] = /^```python\n(.*?)^```$/ms.exec(shown) ?? []

/** A question a line: a token to judge, or nothing, to read once. */
const driver = `
import json, sys
iss, audience, basic = sys.argv[1:]
keys = jwt.PyJWKClient(f"{iss}/jwks")
for line in sys.stdin:
    token = json.loads(line)
    if token is None:
        read(iss, keys, {"Authorization": "Basic " + basic})
        print(json.dumps({"cursor": cursor, "known": len(dead)}), flush=True)
    elif token == "as nobody":
        try: print(read(iss, keys), flush=True)
        except urllib.error.HTTPError as error: print(error.code, flush=True)
    else:
        claims = jwt.decode(token, keys.get_signing_key_from_jwt(token).key, algorithms=["ES256"], issuer=iss, audience=audience, leeway=300)
        print(json.dumps(is_revoked(jwt.get_unverified_header(token), claims)), flush=True)
`

describeWithPython(
  { 'python3-jwt': 'jwt', 'python3-cryptography': 'cryptography' },
  'the reader in Python of docs/revocation.md',
  () => {
    let server: TestServer
    let who: Cast
    /** A second machine, for when the first is no more. */
    let other: Credentials
    let child: ChildProcessWithoutNullStreams
    let lines: AsyncIterator<string>
    let faults = ''
    before(async () => {
      server = await startTestServer({ settings: { revocations: { readers: 'authenticated' } } })
      who = await cast(server)
      const { notes } = await apiClients(server)
      const { clients } = server.parts
      const { secret } = await clients.add({ id: 'other', name: 'Other', kind: 'machine', apis: { [api]: ['notes:read'] } })
      other = { id: 'other', secret }
      child = spawn(python, ['-c', reader + driver, server.issuer, api, basic(notes).slice('Basic '.length)])
      child.stderr.setEncoding('utf8').on('data', (text: string) => (faults += text))
      lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
    })
    after(async () => {
      returnToPresent()
      child?.kill()
      await server?.close()
    })

    async function ask<T>(question: string | null): Promise<T> {
      child.stdin.write(`${JSON.stringify(question)}\n`)
      const { value, done } = await lines.next()
      if (done) throw new Error(`Python ended: ${faults}`)
      return JSON.parse(value)
    }
    const read = () => ask<{ cursor: string; known: number }>(null)
    const isRevoked = (jwt: string) => ask<boolean>(jwt)
    const tokenOf = async (client: Credentials) =>
      (await token(server, client, { grant_type: 'client_credentials', scope: 'notes:read' })).body.access_token as string
    const machineToken = () => tokenOf(who.machine)
    const otherToken = () => tokenOf(other)
    const personToken = async () => (await tokensFor(server, who.web)).access_token as string

    it('is shown whole', () => {
      expect(reader).to.include('def read(').and.to.include('def is_revoked(')
      expect(reader.trimEnd().split('\n').length).to.be.at.most(30)
    })
    it('reads nothing as nobody, where the list is not public', async () => {
      expect(await ask('as nobody')).to.equal(401)
    })
    it('reads the list, then what is new of it the moment something ended', async () => {
      const old = await machineToken()
      await revoke(server, who.machine, old)
      const first = await read()
      expect(first.known).to.equal(1)
      expect(await isRevoked(old)).to.equal(true)
      const living = await machineToken()
      expect(await isRevoked(living)).to.equal(false)
      const next = read()
      await revoke(server, who.machine, living)
      const { cursor, known } = await next
      expect(cursor).to.not.equal(first.cursor)
      expect(known).to.equal(2)
      expect(await isRevoked(living)).to.equal(true)
      expect(await isRevoked(old), 'what it knew before').to.equal(true)
    })
    const ends: Record<string, { get(): Promise<string>; end(jwt: string): Promise<unknown> }> = {
      'a grant': { get: personToken, end: (jwt) => revoke(server, who.web, jwt) },
      'a client': { get: machineToken, end: () => server.parts.clients.remove('machine') },
      'an account': { get: personToken, end: () => server.parts.accounts.remove(who.email) },
    }
    for (const [what, { get, end }] of Object.entries(ends)) {
      it(`refuses what hung on ${what}, and nothing before it ended`, async () => {
        const jwt = await get()
        expect(await isRevoked(jwt), 'the control').to.equal(false)
        await end(jwt)
        await read()
        expect(await isRevoked(jwt)).to.equal(true)
      })
    }
    it('refuses what is older than a backup that was restored', async () => {
      const jwt = await otherToken()
      expect(await isRevoked(jwt), 'the control').to.equal(false)
      const { store, now } = server.parts
      await store.lineage.begin({ id: 'restored', beganAt: now() })
      await read()
      expect(await isRevoked(jwt)).to.equal(true)
      travel(5)
      expect(await isRevoked(await otherToken()), 'a later one').to.equal(false)
    })
    it('refuses what a revoked key signed', async () => {
      const jwt = await otherToken()
      expect(await isRevoked(jwt), 'the control').to.equal(false)
      const { store, now } = server.parts
      await sayDead(store.revocations, [deadKey(decodeProtectedHeader(jwt).kid as string)], now())
      await read()
      expect(await isRevoked(jwt)).to.equal(true)
    })
  },
)
