import path from 'node:path'
import { expect } from 'chai'
import { loadSettings } from '../../src/settings/load.ts'
import { faultPaths, load, refusalOfLoading, settingsFile } from './file.ts'

const smtp = { host: 'smtp.example.com', user: 'signet', password: 'secret' }
const mail = (change: object = {}) => ({ mail: { from: 'signet@example.com', smtp: { ...smtp, ...change } } })

describe('the settings of letters', () => {
  it('demand TLS and the certificate of the server unless they say otherwise', () => {
    expect(load(mail()).mail?.smtp).to.include({ port: 587, tls: 'starttls', allowPlaintext: false })
  })
  it('are none unless they are given', () => expect(load({}).mail).to.equal(undefined))
  it('name files beside themselves', () => {
    const file = settingsFile(mail({ password: undefined, passwordFile: 'smtp.password', ca: '/etc/ca.pem' }))
    expect(loadSettings({ SIGNET_CONFIG: file }).mail?.smtp).to.include({
      passwordFile: path.join(path.dirname(file), 'smtp.password'),
      ca: '/etc/ca.pem',
    })
  })
  for (const host of ['localhost', '127.0.0.1', '::1'])
    it(`may do without TLS on ${host}`, () => expect(load(mail({ host, tls: 'none' })).mail?.smtp.tls).to.equal('none'))
  it('may do without TLS over a network where they say so loudly', () =>
    expect(load(mail({ tls: 'none', allowPlaintext: true })).mail?.smtp.tls).to.equal('none'))

  for (const [at, faulty] of [
    ['mail.smtp.tls', mail({ tls: 'none' })],
    ['mail.smtp.tls', mail({ tls: 'none', host: 'localhost.example.com' })],
    ['mail.smtp.tls', mail({ tls: 'opportunistic' })],
    ['mail.smtp.user', mail({ password: undefined })],
    ['mail.smtp.password', mail({ user: undefined })],
    ['mail.smtp.user', mail({ user: 'signet\nAUTH' })],
    ['mail.smtp.host', mail({ host: 'smtp.example.com:587' })],
    ['mail.smtp.host', mail({ host: 'smtp://smtp.example.com' })],
    ['mail.smtp.host', mail({ host: '' })],
    ['mail.smtp.port', mail({ port: 0 })],
    ['mail.smtp', { mail: { from: 'signet@example.com' } }],
    ['mail.from', { mail: { from: 'Signet <signet@example.com>', smtp } }],
    ['mail.from', { mail: { smtp } }],
    ['mail.name', { mail: { from: 'signet@example.com', name: 'Signet\nBcc: all@example.com', smtp } }],
    ['mail.replyTo', { mail: { from: 'signet@example.com', replyTo: 'nobody', smtp } }],
  ] as const)
    it(`are refused at ${at} for ${JSON.stringify(faulty)}`, () => expect(faultPaths(faulty)).to.deep.equal([at]))

  it('say no password when they are refused', () => {
    const refusal = refusalOfLoading(mail({ port: 0, password: 'a-secret-of-mine' }))
    expect(`${refusal.message}${JSON.stringify(refusal.faults)}`).to.not.contain('a-secret-of-mine')
  })
})
