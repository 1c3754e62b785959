/** What is off, or not needed yet, is not loaded: each of these takes megabytes, and time at every start. */
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { expect } from 'chai'
import { createVisitor } from '../../src/try/visitor.ts'
import { temporaryFolder } from '../support/server.ts'
import { until } from '../support/until.ts'
import { createPrograms, type Running } from './program.ts'

const preload = path.resolve(import.meta.dirname, '../support/loaded.mjs')
const lazy = [
  '@node-rs/argon2',
  '@opentelemetry/api',
  '@zxcvbn-ts/core',
  '@zxcvbn-ts/language-common',
  'bcryptjs',
  'ioredis',
  'nodemailer',
  'prom-client',
]

describe('a server that has just started', () => {
  let server: Running | undefined
  after(() => server?.stop('SIGKILL'))

  it('has loaded nothing that it may never need, and loads it when it is needed', async () => {
    const mail = { from: 'signet@example.com', smtp: { host: 'localhost', port: 1, tls: 'none' } }
    const programs = await createPrograms({ registration: { open: true }, mail })
    // Made by bcryptjs of "analytical engine".
    const hash = '$2b$04$98.CqPysCtE1.ArehE79UeGcFEZrZSShsTp.Xmkim2ZHgVeO5mpAa'
    const person = JSON.stringify({ email: 'ada@example.com', hash })
    expect(await programs.json(['account', 'import', '-'], { input: person })).to.include({ added: 1 })
    const LOADED = path.join(temporaryFolder(), 'loaded')
    const NODE_OPTIONS = `--disable-warning=ExperimentalWarning --import=${preload}`
    server = programs.start('scripts/signet.mjs', ['serve'], { LOADED, NODE_OPTIONS })
    await server.line(/"listening"/)
    const has = (name: string) => readFileSync(LOADED, 'utf8').includes(`/node_modules/${name}/`)
    const loaded = () => lazy.filter(has)

    const visitor = createVisitor(programs.issuer)
    const signIn = await visitor.open('/account')
    expect(['koa', 'oidc-provider', 'kysely'].filter(has), 'what is seen at all').to.have.length(3)
    expect(loaded()).to.deep.equal([])

    const page = await visitor.submit(signIn, '/sign-in', { email: 'ada@example.com', password: 'analytical engine' })
    expect(page.url.pathname).to.equal('/account')
    expect(loaded().filter((name) => name !== 'nodemailer')).to.deep.equal(['@node-rs/argon2', 'bcryptjs'])

    const asked = await createVisitor(programs.issuer).open('/sign-up')
    const newcomer = { name: 'Grace', email: 'grace@example.com', password: 'four words of no kin' }
    expect((await visitor.submit(asked, '/sign-up', newcomer)).status).to.equal(200)
    await until('a letter is tried', () => has('nodemailer') || undefined)
    const judged = ['@zxcvbn-ts/core', '@zxcvbn-ts/language-common']
    expect(loaded()).to.deep.equal(['@node-rs/argon2', ...judged, 'bcryptjs', 'nodemailer'])
  })
})
