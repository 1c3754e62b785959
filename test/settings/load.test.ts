import path from 'node:path'
import { expect } from 'chai'
import { loadSettings } from '../../src/settings/load.ts'
import { load, refusalOfLoading, settingsFile } from './file.ts'

describe('loading the settings', () => {
  it('fills in variables of the environment, in names and values, at any depth', () => {
    // biome-ignore lint/suspicious/noTemplateCurlyInString: it is the file's own syntax
    const text = 'issuer: https://${HOST}\nroles:\n  ${ROLE:-editor}: "${A:-May} ${B:-edit}"\ntrustedProxies: ["${PROXY:-::1}"]'
    const { issuer, roles, trustedProxies } = load(text, { HOST: 'id.example.com', B: 'change' })
    expect({ issuer, roles, trustedProxies }).to.deep.equal({
      issuer: 'https://id.example.com',
      roles: { editor: 'May change' },
      trustedProxies: ['::1'],
    })
  })

  it('takes an empty variable for one that is not set', () => {
    // biome-ignore lint/suspicious/noTemplateCurlyInString: it is the file's own syntax
    expect(load('listen: { port: "${PORT:-4000}" }', { PORT: '' }).listen.port).to.equal(4000)
  })

  it('takes what a variable holds as text, not as YAML', () => {
    // biome-ignore lint/suspicious/noTemplateCurlyInString: it is the file's own syntax
    expect(load('theme: { title: "${TITLE}" }', { TITLE: 'x, radius: 3px' }).theme).to.include({
      title: 'x, radius: 3px',
      radius: '10px',
    })
  })

  it('names every variable that is not set, beside all that is faulty', () => {
    // biome-ignore lint/suspicious/noTemplateCurlyInString: it is the file's own syntax
    const text = 'issuer: ${ISSUER}\ntheme: { title: "${A}${B}" }\ndemo: no\nlisten: { port: 0 }'
    expect(refusalOfLoading(text, { SIGNET_API_PORT: 'x' }).message.split('\n').slice(1)).to.deep.equal([
      ...[
        ['issuer', 'ISSUER'],
        ['theme.title', 'A'],
        ['theme.title', 'B'],
      ].map(([at, name]) => `  ${at}: asks for the environment variable ${name}, which is not set`),
      '  listen.port: has to be a whole number from 1 to 65535',
      '  demo: has to be true or false',
      '  SIGNET_API_PORT: must be a port number, not "x"',
    ])
  })

  it('looks for a certificate beside the file that names it, and is https then', () => {
    const file = settingsFile({ listen: { port: 4443, tls: { certificate: 'c.pem', key: '/etc/key.pem' } } })
    const { listen, issuer, development } = loadSettings({ SIGNET_CONFIG: file })
    expect(listen.tls).to.deep.equal({ certificate: path.join(path.dirname(file), 'c.pem'), key: '/etc/key.pem' })
    expect({ issuer, development }).to.deep.equal({ issuer: 'https://localhost:4443', development: false })
  })

  it('lets SIGNET_* say where things are and which ports', () => {
    const settings = load(
      {},
      {
        SIGNET_DATA: '/var/lib/signet',
        SIGNET_KEYS: 'some/keys',
        SIGNET_SECRET: 'given',
        SIGNET_API_PORT: '5001',
        SIGNET_CLIENT_PORT: '0',
      },
    )
    expect(settings).to.deep.include({
      dataFolder: '/var/lib/signet',
      keyFolder: path.resolve('some/keys'),
      masterSecret: 'given',
      samples: { apiPort: 5001, clientPort: 0 },
    })
  })

  it('keeps data and keys beside the program unless told', () => {
    const root = path.resolve(import.meta.dirname, '../..')
    const settings = load({}, { SIGNET_SECRET: '' })
    expect(settings).to.deep.include({
      dataFolder: path.join(root, 'data'),
      keyFolder: path.join(root, 'keys'),
      masterSecret: undefined,
      samples: { apiPort: 4001, clientPort: 4002 },
    })
  })

  for (const value of ['x', '-1', '65536', '80.5', ' ', '4000;']) {
    for (const name of ['SIGNET_API_PORT', 'SIGNET_CLIENT_PORT']) {
      it(`refuses ${name}=${JSON.stringify(value)}`, () => {
        const { message } = refusalOfLoading({}, { [name]: value })
        expect(message.split('\n').slice(1)).to.deep.equal([`  ${name}: must be a port number, not ${JSON.stringify(value)}`])
      })
    }
  }

  it('names a file that is not there, or is none', () => {
    for (const [file, code] of [
      ['/nowhere/signet.yaml', 'ENOENT'],
      [import.meta.dirname, 'EISDIR'],
    ] as const) {
      expect(() => loadSettings({ SIGNET_CONFIG: file })).to.throw(`The settings file ${file} cannot be read (${code}).`)
    }
  })

  for (const [what, text] of [
    ['an open bracket', 'apis: ['],
    ['a key twice', 'demo: false\ndemo: true'],
    ['a key twice within', 'listen:\n  port: 1\n  port: 2'],
    ['a tab as indent', 'listen:\n\tport: 1'],
    ['an alias', 'roles: &r { editor: Edits }\ntheme: *r'],
    [
      'a bomb of aliases',
      `a: &a [x]\n${[...'bcdefgh'].map((n, i) => `${n}: &${n} [${`*${'abcdefg'[i]},`.repeat(9)}]`).join('\n')}`,
    ],
    ['an alias of nothing', 'theme: *nothing'],
    ['two documents', 'demo: false\n---\ndemo: true'],
  ] as const) {
    it(`refuses YAML with ${what}, in one line`, () => {
      const { message } = refusalOfLoading(text)
      expect(message).to.match(/signet\.yaml (is not valid YAML|cannot be used): /)
      expect(message).not.to.include('\n')
    })
  }

  for (const name of ['__proto__', 'constructor', 'toString']) {
    it(`takes ${name} for a name like any other, which is not known`, () => {
      expect(refusalOfLoading(`${name}: { demo: true }`).message).to.include('1 fault')
      expect(Object.hasOwn(Object.prototype, 'demo')).to.equal(false)
    })
  }
})
