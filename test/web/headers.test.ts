import { expect } from 'chai'
import { createHeaders } from '../../src/web/headers.ts'

const headersOf = (path: string, { development = false, logo }: { development?: boolean; logo?: string } = {}) =>
  Object.fromEntries(createHeaders({ development, logo }).forPath(path))
const policyOf = (path: string, logo?: string) => headersOf(path, { logo })['Content-Security-Policy']
const strict =
  "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; base-uri 'none'; frame-ancestors 'none'; form-action 'self'"

describe('the policy of a page', () => {
  it('allows nothing but our own files', () => expect(policyOf('/')).to.equal(strict))

  it('leaves form-action out alone where a form leads on to a client', () => {
    expect(policyOf('/auth')).to.equal(strict.replace("; form-action 'self'", ''))
  })

  it('allows the theme’s logo on every page, and a client’s where that client is shown', () => {
    const theme = 'https://cdn.example.com/logo.svg'
    for (const path of ['/', '/auth']) expect(policyOf(path, theme)).to.include("img-src 'self' data: https://cdn.example.com;")
    const headers = createHeaders({ development: false, logo: theme })
    expect(headers.policyShowing('https://app.example.com/a.png')).to.equal(
      policyOf('/auth', theme)?.replace('cdn.example.com;', 'cdn.example.com https://app.example.com;'),
    )
    for (const same of [undefined, 'https://cdn.example.com/other.svg'])
      expect(headers.policyShowing(same)).to.equal(policyOf('/auth', theme))
  })

  for (const logo of ['http://app.example.com/a.png', 'data:image/png,x', "https://a;script-src 'unsafe-inline'", '*', '']) {
    it(`is not widened by ${JSON.stringify(logo)}`, () => {
      expect(createHeaders({ development: false }).policyShowing(logo)).to.equal(policyOf('/auth'))
    })
  }
})

describe('the headers of an answer', () => {
  for (const path of [
    '/auth',
    '/auth?a=b',
    '/auth/abc',
    '/interaction/abc',
    '/interaction/abc/sign-in',
    '/session/end',
    '/session/end?x',
  ]) {
    it(`let a form lead out at ${path}`, () => {
      expect(headersOf(path)['Content-Security-Policy']).not.to.include('form-action')
    })
  }
  for (const path of ['/', '/token', '/authx', '/interactions', '/session/ending', '/x/auth', '/?/auth', '/AUTH']) {
    it(`keep a form here at ${path}`, () => {
      expect(headersOf(path)['Content-Security-Policy']).to.include("form-action 'self'")
    })
  }

  it('demand https for a year in production, and in development nothing of the kind', () => {
    expect(headersOf('/')['Strict-Transport-Security']).to.equal('max-age=31536000; includeSubDomains')
    expect(headersOf('/', { development: true })).not.to.have.property('Strict-Transport-Security')
  })

  it('S13: keep every answer out of caches, and its address out of others', () => {
    for (const path of ['/', '/auth', '/token']) {
      expect(headersOf(path)).to.include({
        'Cache-Control': 'no-store',
        'Referrer-Policy': 'no-referrer',
        'X-Frame-Options': 'DENY',
        'X-Content-Type-Options': 'nosniff',
      })
    }
  })
})
