import { expect } from 'chai'
import { identityScopeNames, identityScopes, splitScope } from '../../src/permissions/scopes.ts'

describe('a scope parameter', () => {
  for (const [given, names] of [
    ['openid profile', ['openid', 'profile']],
    ['read read write', ['read', 'write']],
    ['  read   write ', ['read', 'write']],
    ['', []],
    [' ', []],
    ['read\twrite', ['read\twrite']],
    ['read\nwrite', ['read\nwrite']],
    ['read\u00a0write', ['read\u00a0write']],
    ['Read', ['Read']],
    [undefined, []],
    [null, []],
    [['read'], []],
    [{ read: true }, []],
  ] as const) {
    it(`is its names: ${JSON.stringify(given)}`, () => expect(splitScope(given)).to.deep.equal(names))
  }
})

describe('the scopes of OpenID Connect', () => {
  it('cannot be refused where sign-in hangs on it, and can otherwise', () => {
    expect(identityScopeNames.filter((name) => identityScopes[name]?.required)).to.deep.equal(['openid'])
  })

  it('each have a sentence for people, and release no claim twice', () => {
    const all = Object.values(identityScopes)
    for (const { sentence } of all) expect(sentence).to.match(/^[A-Z].{8,}[^.]$/)
    const claims = all.flatMap((scope) => Object.keys(scope.claims))
    expect(claims).to.have.length(new Set(claims).size)
  })
})
