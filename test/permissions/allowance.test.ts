import { expect } from 'chai'
import { type Allowance, allowanceOf, isNothing, joined, markOf, takenAway } from '../../src/permissions/allowance.ts'
import { settingsSchema } from '../../src/settings/schema.ts'

const api = 'https://notes.example.com'

/** @param scopes of the API: the roles that may have each, or none for everybody */
function allowance({ scopes = { read: [], write: ['editor', 'admin'] }, apiKeys = true, clients = {} }: Given = {}): Allowance {
  const said = Object.entries(scopes).map(([name, roles]) => [name, { description: name, ...(roles.length > 0 && { roles }) }])
  const machine = { name: 'M', kind: 'machine', secretDigests: ['4'.repeat(43)] }
  return allowanceOf(
    settingsSchema.parse({
      roles: { editor: 'E', admin: 'A' },
      apis: scopes.gone ? [] : [{ identifier: api, name: 'Notes', apiKeys, scopes: Object.fromEntries(said) }],
      clients: Object.entries(clients).map(([id, of]) => ({ id, ...machine, ...(scopes.gone ? {} : { apis: { [api]: of } }) })),
    }),
  )
}

interface Given {
  scopes?: Record<string, string[]>
  apiKeys?: boolean
  clients?: Record<string, string[]>
}

describe('what settings allow no more', () => {
  const clients = { robot: ['read', 'write'], constructor: ['read'] }
  const before = allowance({ clients })
  const gone: [string, Given, object][] = [
    ['an API', { scopes: { gone: [] }, clients }, { apis: [api], narrowedClients: ['robot', 'constructor'] }],
    [
      'a scope',
      { scopes: { read: [] }, clients: { robot: ['read'], constructor: ['read'] } },
      { apis: [api], narrowedClients: ['robot'] },
    ],
    ['a role of a scope', { scopes: { read: [], write: ['editor'] }, clients }, { apis: [api] }],
    ['a scope for everybody', { scopes: { read: ['editor'], write: ['editor', 'admin'] }, clients }, { apis: [api] }],
    ['API keys', { apiKeys: false, clients }, { apis: [api] }],
    ['a client', { clients: { robot: ['read', 'write'] } }, { removedClients: ['constructor'] }],
    ['a scope of a client', { clients: { ...clients, robot: ['read'] } }, { narrowedClients: ['robot'] }],
  ]
  for (const [what, given, taken] of gone) {
    it(`is found: ${what}; and nothing where it comes back`, () => {
      const after = allowance(given)
      expect(takenAway(before, after)).to.deep.equal({ apis: [], narrowedClients: [], removedClients: [], ...taken })
      expect(isNothing(takenAway(after, before))).to.equal(true)
      expect(markOf(after)).to.not.equal(markOf(before))
      expect(isNothing(takenAway(joined(before, after), before)), 'what either allows is the wider one').to.equal(true)
      expect(isNothing(takenAway(before, joined(after, before)))).to.equal(true)
    })
  }
  it('is nothing where more is allowed, or the same in another order', () => {
    const wider = allowance({ scopes: { toString: [], write: [], read: [] }, clients: { ...clients, other: [] } })
    expect(isNothing(takenAway(before, wider))).to.equal(true)
    expect(takenAway(wider, before)).to.deep.equal({ apis: [api], narrowedClients: [], removedClients: ['other'] })
    const same = allowance({
      scopes: { write: ['admin', 'editor'], read: [] },
      clients: { constructor: ['read'], robot: ['write', 'read'] },
    })
    expect(markOf(same)).to.equal(markOf(before))
    expect(isNothing(takenAway(before, same)) && isNothing(takenAway(same, before))).to.equal(true)
  })
  it('joins what two allow of different things', () => {
    const both = joined(allowance({ scopes: { read: ['editor'] } }), allowance({ scopes: { read: ['admin'], more: [] } }))
    expect(both.apis[api]?.scopes).to.deep.equal({ more: null, read: ['admin', 'editor'] })
  })
})
