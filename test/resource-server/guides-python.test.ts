/** What docs/resource-servers.md says of PyJWT and Authlib, run by Debian's Python against a real server. */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { expect } from 'chai'
import { describeWithPython, python } from '../support/python.ts'
import { revoke } from '../support/questions.ts'
import { blocksOf, type GuideIssuer, respelled, root, saidToAccept, sayingNothing, startGuideIssuer } from './guides.ts'

const { block } = blocksOf('python')
const [, reader = ''] = /^```python\n(.*?)^```$/ms.exec(readFileSync(path.join(root, 'docs/revocation.md'), 'utf8')) ?? []
/** As if the guide had not that function: what a library accepts by itself. */
const bare = 'def access_token(token, claims): return claims'

/** A line for a question: the name of a function and what it is given. One for an answer: what was returned, or the name of what was raised. */
const driver = `
import sys
fetches, urlopen = 0, urllib.request.urlopen
def counted(*args, **more):
    global fetches
    fetches += 1
    return urlopen(*args, **more)
urllib.request.urlopen = counted
for line in sys.stdin:
    name, *args = json.loads(line)
    try: answer = {"returned": globals()[name](*args) if callable(globals().get(name)) else globals()[name]}
    except Exception as error: answer = {"raised": type(error).__name__}
    print(json.dumps(answer), flush=True)
`

describeWithPython({ 'python3-jwt': 'jwt', 'python3-authlib': 'authlib.jose' }, 'guides: protecting an API in Python', () => {
  let from: GuideIssuer
  const children: ChildProcessWithoutNullStreams[] = []
  before(async () => {
    from = await startGuideIssuer()
  })
  after(async () => {
    for (const child of children) {
      child.stdin.end()
      if (child.exitCode === null) await once(child, 'exit')
    }
    await from.server.close()
  })

  type Answer = { returned?: never; raised?: string }
  function run(...parts: string[]) {
    const child = spawn(python, ['-W', 'ignore', '-c', [`issuer = "${from.issuer}"`, ...parts, driver].join('\n')])
    children.push(child)
    let faults = ''
    child.stderr.setEncoding('utf8').on('data', (text: string) => (faults += text))
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
    return async (...question: unknown[]): Promise<Answer> => {
      child.stdin.write(`${JSON.stringify(question)}\n`)
      const { value, done } = await lines.next()
      if (done) throw new Error(`Python ended: ${faults}`)
      return JSON.parse(value)
    }
  }
  async function accepted(ask: ReturnType<typeof run>): Promise<string[]> {
    const kinds: string[] = []
    for (const [kind, make] of Object.entries(from.bad)) if (!(await ask('verify', make())).raised) kinds.push(kind)
    return kinds
  }

  for (const [library, name] of [
    ['PyJWT', 'verify pyjwt'],
    ['Authlib', 'verify authlib'],
  ] as const) {
    it(`${library}: lets in a person's token, and refuses each bad one`, async () => {
      const ask = run(block('rest'), block(name))
      expect((await ask('verify', from.good)).returned).to.include({ sub: from.subject })
      expect(await accepted(ask)).to.deep.equal([])
      expect((await ask('verify', respelled(from.good))).raised).to.be.a('string')
      for (const claims of sayingNothing)
        expect((await ask('verify', from.signed(claims))).raised, JSON.stringify(claims)).to.be.a('string')
    })
    it(`${library}: accepts without that function what the guide says, no more and no less`, async () => {
      const ask = run(block('rest'), bare, block(name))
      expect((await ask('verify', from.good)).returned).to.include({ sub: from.subject })
      // Debian's security update of PyJWT mends this one, and may not be here.
      const kinds = (await accepted(ask)).filter((kind) => kind !== 'criticalExtension')
      expect(kinds.sort()).to.deep.equal(saidToAccept(`\`${library}\``).sort())
    })
  }
  it('asks for no keys for key ids that somebody invented, which PyJWT does for each', async () => {
    const ask = run(block('rest'), block('verify pyjwt'))
    const ofPyJwt = run(
      block('rest'),
      'import jwt',
      'known = jwt.PyJWKClient(f"{issuer}/.well-known/jwks.json")',
      'verify = known.get_signing_key',
    )
    await ask('verify', from.good)
    for (let i = 0; i < 20; i++) {
      expect((await ask('verify', from.bad.unknownKey?.())).raised).to.equal('KeyError')
      await ofPyJwt('verify', `unknown-${i}`)
    }
    expect((await ask('fetches')).returned).to.equal(1)
    expect((await ofPyJwt('fetches')).returned).to.be.at.least(20)
  })
  it('tells keys that cannot be had from a token that is no good', async () => {
    const ask = run('issuer = "http://localhost:9"', block('rest'), `issuer = "${from.issuer}"`, block('verify pyjwt'))
    expect((await ask('verify', from.good)).raised).to.equal('OSError')
  })
  it('refuses what ended, with the reader of the list', async () => {
    const readNow = 'def read_now(): read(issuer, jwt.PyJWKClient(f"{issuer}/jwks"))'
    const ask = run(block('rest'), block('verify pyjwt'), reader, readNow, block('revocation'))
    const [ended, other] = [from.good, from.signed({ grant: 'another-grant' })]
    expect((await ask('verify_living', ended)).returned).to.include({ sub: from.subject })
    await revoke(from.server, from.app, ended)
    expect(await ask('read_now')).to.deep.equal({ returned: null })
    expect((await ask('verify_living', ended)).raised).to.equal('ValueError')
    expect((await ask('verify_living', other)).returned).to.include({ sub: from.subject })
  })
})
