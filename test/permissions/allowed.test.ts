import { expect } from 'chai'
import { allowedScopes, mayAddress } from '../../src/permissions/allowed.ts'
import { createApis } from '../../src/permissions/apis.ts'
import { load } from '../settings/file.ts'

const issuer = 'https://id.example.com'
const notes = 'https://notes.example.com'
const mail = 'https://mail.example.com/v1'

const { apis: declared } = load({
  roles: { editor: 'May delete', admin: 'May administer' },
  apis: [
    {
      identifier: notes,
      name: 'Notes',
      scopes: {
        read: { description: 'Read' },
        write: { description: 'Write' },
        delete: { description: 'Delete', roles: ['editor', 'admin'] },
        purge: { description: 'Purge', roles: ['admin'] },
      },
    },
    { identifier: mail, name: 'Mail', scopes: { read: { description: 'Read' } } },
  ],
})
const apis = createApis(declared, issuer, 'Signet')
const notesApi = apis.find(notes)!
const everything = ['read', 'write', 'delete', 'purge']

describe('what a token may hold', () => {
  for (const [what, mayAsk, roles, allowed] of [
    ['what the client may ask, without a role what needs none', everything, [], ['read', 'write']],
    ['what one of several roles allows', everything, ['editor'], ['read', 'write', 'delete']],
    ['what all roles allow together', everything, ['editor', 'admin'], everything],
    ['no more than the client may ask, whatever the roles', ['read', 'purge'], ['admin'], ['read', 'purge']],
    ['nothing that the API does not have', ['read', 'admin', 'openid', 'constructor', '__proto__'], ['admin'], ['read']],
    ['nothing for a role that is not there', everything, ['Editor', 'constructor'], ['read', 'write']],
    ['nothing when the client may ask nothing', [], ['admin'], []],
    ['for a machine, its own list, roles or not', ['read', 'purge'], undefined, ['read', 'purge']],
    ['in the order of the API, each once', ['write', 'read', 'write'], [], ['read', 'write']],
    ['the scope by its exact name', ['READ', 'read ', 'writ'], [], []],
  ] as const) {
    it(`is ${what}`, () => {
      expect(allowedScopes(notesApi, { apis: { [notes]: [...mayAsk] } }, roles && [...roles])).to.deep.equal(allowed)
    })
  }

  it('is nothing of an API that is not the client’s', () => {
    const client = { apis: { [mail]: ['read'] } }
    expect(allowedScopes(notesApi, client, undefined)).to.deep.equal([])
    expect(mayAddress(notesApi, client)).to.equal(false)
    expect(mayAddress(notesApi, { apis: {} })).to.equal(false)
  })

  it('is found whether client or API write the slash of an empty path', () => {
    const client = { apis: { [`${notes}/`]: ['read'] } }
    expect(allowedScopes(notesApi, client, [])).to.deep.equal(['read'])
    expect(mayAddress(notesApi, client)).to.equal(true)
    expect(mayAddress({ ...notesApi, identifier: `${notes}/` }, { apis: { [notes]: [] } })).to.equal(true)
  })
})

describe('an API', () => {
  for (const identifier of [notes, `${notes}/`]) {
    it(`is found by ${identifier}`, () => expect(apis.find(identifier)?.identifier).to.equal(notes))
  }
  for (const identifier of [
    `${notes}//`,
    `${notes}/?`,
    `${notes}#`,
    `${notes}:443`,
    'https://NOTES.example.com',
    'http://notes.example.com',
    'https://notes.example.com.evil.example',
    'https://notes.example.co',
    `${mail}/`,
    'notes.example.com',
    '',
    '__proto__',
  ]) {
    it(`is not found by ${identifier || 'nothing'}`, () => expect(apis.find(identifier)).to.equal(undefined))
  }

  it('is userinfo too, with no scope of its own', () => {
    expect(apis.find(`${issuer}/userinfo`)).to.equal(apis.userinfo)
    expect(apis.userinfo.scopes).to.deep.equal({})
  })
})
