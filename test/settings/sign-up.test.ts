import { expect } from 'chai'
import { faultPaths, load } from './file.ts'

const mail = { from: 'signet@example.com', smtp: { host: 'smtp.example.com' } }
const production = { issuer: 'https://id.example.com' }
const roles = { editor: 'May edit' }

describe('the settings of signing up', () => {
  it('keep it closed unless they open it', () =>
    expect(load({}).registration).to.deep.equal({ open: false, password: 'before', roles: [] }))

  for (const good of [
    { registration: { open: true } },
    { ...production, mail, registration: { open: true } },
    { ...production, registration: { open: false, password: 'after' } },
    { roles, registration: { roles: ['editor'] } },
  ])
    it(`are taken: ${JSON.stringify(good)}`, () => expect(load(good).registration).to.deep.include(good.registration))

  for (const [at, faulty] of [
    ['registration.open', { ...production, registration: { open: true } }],
    ['registration.roles.0', { registration: { roles: ['editor'] } }],
    ['registration.roles.1', { roles, registration: { roles: ['editor', 'toString'] } }],
    ['registration.password', { registration: { password: 'never' } }],
    ['registration.termsUri', { registration: { termsUri: 'http://example.com/terms' } }],
    ['registration.policyUri', { registration: { policyUri: 'javascript:alert(1)' } }],
  ] as const)
    it(`are refused at ${at} for ${JSON.stringify(faulty)}`, () => expect(faultPaths(faulty)).to.deep.equal([at]))
})
