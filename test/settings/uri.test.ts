import { expect } from 'chai'
import { isLoopbackAddress, isLoopbackHost, redirectUriFault, sameIdentifier, staysOnDevice } from '../../src/settings/uri.ts'

const forEveryone = ['https://app.example.com/callback', 'https://app.example.com', 'https://app.example.com:8443/cb?fixed=1']
const forBrowsers = ['http://localhost:3000/cb', 'http://127.0.0.1/cb', 'http://[::1]:8080/cb']
const forNative = ['http://127.0.0.1/cb', 'http://[::1]/cb', 'com.example.app:/cb', 'com.example.my-app://cb']

const forNobody: [string, RegExp][] = [
  ['', /absolute/],
  ['/callback', /absolute/],
  ['app.example.com/callback', /absolute/],
  ['https://', /absolute/],
  ['https://app.example.com/a b', /space/],
  [' https://app.example.com', /space/],
  ['https://app.example.com/\n', /space/],
  ['https://app.example.com/\t', /space/],
  ['https://app.example.com/\u007f', /control/],
  ['https://app.example.com/#', /fragment/],
  ['https://app.example.com/#part', /fragment/],
  ['https://*.example.com/cb', /wildcard/],
  ['https://app.example.com/*', /wildcard/],
  ['https://user@app.example.com/', /user/],
  ['https://:password@app.example.com/', /user/],
  ['http://app.example.com/cb', /http/],
  ['http://0.0.0.0/cb', /http/],
  ['http://localhost.example.com/cb', /http/],
  ['http://127.0.0.1.example.com/cb', /http/],
  ['javascript:alert(1)', /https|scheme/],
  ['data:text/html,hello', /https|scheme/],
  ['vbscript:x', /https|scheme/],
  ['file:///etc/passwd', /https|scheme/],
  ['blob:https://app.example.com/x', /https|scheme/],
  ['about:blank', /https|scheme/],
  ['ws://localhost/', /https|scheme/],
  ['myapp:/cb', /https|scheme/],
  ['urn:ietf:wg:oauth:2.0:oob', /https|scheme/],
]

describe('a redirect URI', () => {
  for (const uri of [...forEveryone, ...forBrowsers]) {
    it(`may be ${uri} for an app in a browser`, () => expect(redirectUriFault(uri, false)).to.equal(undefined))
  }
  for (const uri of [...forEveryone, ...forNative]) {
    it(`may be ${uri} for a native app`, () => expect(redirectUriFault(uri, true)).to.equal(undefined))
  }
  for (const [uri, why] of forNobody) {
    it(`may not be ${JSON.stringify(uri)}`, () => {
      expect(redirectUriFault(uri, false)).to.match(why)
      expect(redirectUriFault(uri, true)).to.match(why)
    })
  }

  it('is not on localhost for a native app, whose resolver may send that elsewhere', () => {
    expect(redirectUriFault('http://localhost/cb', true)).to.match(/127\.0\.0\.1/)
  })

  it('has no private scheme for an app in a browser', () => {
    expect(redirectUriFault('com.example.app:/cb', false)).to.match(/https/)
  })
})

describe('loopback', () => {
  for (const host of ['127.0.0.1', '[::1]']) {
    it(`is ${host}, by address`, () => expect([isLoopbackHost(host), isLoopbackAddress(host)]).to.deep.equal([true, true]))
  }
  it('is localhost, by name alone', () => {
    expect([isLoopbackHost('localhost'), isLoopbackAddress('localhost')]).to.deep.equal([true, false])
  })
  for (const host of [
    '0.0.0.0',
    '127.0.0.2',
    '[::]',
    '[::ffff:7f00:1]',
    'localhost.',
    'localhost.example.com',
    'LOCALHOST',
    '',
  ]) {
    it(`is not ${host || 'nothing'}`, () => expect(isLoopbackHost(host)).to.equal(false))
  }
})

describe('what stays on the device', () => {
  for (const uri of ['http://127.0.0.1/cb', 'http://localhost:1/cb', 'com.example.app:/cb'])
    it(uri, () => expect(staysOnDevice(uri)).to.equal(true))
  for (const uri of ['https://app.example.com/cb', 'https://localhost/cb'])
    it(`is not ${uri}`, () => expect(staysOnDevice(uri)).to.equal(false))
})

describe('one identifier', () => {
  it('has a slash for its empty path, or none', () => {
    expect(sameIdentifier('https://api.example.com/')).to.equal(sameIdentifier('https://api.example.com'))
  })
  for (const other of [
    'https://api.example.com/notes/',
    'https://api.example.com/?',
    'https://API.example.com/',
    'https://api.example.com:443/',
    'urn:api',
    'no uri/',
  ]) {
    it(`keeps ${other} as it is, but for that slash`, () => {
      expect(sameIdentifier(other)).to.equal(
        URL.canParse(other) && new URL(other).pathname === '/' ? other.replace(/\/$/, '') : other,
      )
    })
  }
})
