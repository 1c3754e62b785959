import { X509Certificate } from 'node:crypto'
import { expect } from 'chai'
import { bearsSubject, certificateFrom, isInItsTime } from '../../src/crypto/certificates.ts'
import type { SubjectField } from '../../src/settings/client/authentication.ts'
import { type Relative, selfSigned } from '../support/certificate.ts'

const read = (pem: string) => new X509Certificate(pem)
const binary = (pem: string) => `:${read(pem).raw.toString('base64')}:`
const { certificate: pem } = selfSigned(['client.example'])

describe('a certificate in a header', () => {
  for (const [form, header] of [
    ['RFC 9440', binary(pem)],
    ['nginx', encodeURIComponent(pem)],
    ['PEM in one piece', pem],
  ] as const) {
    it(`is read as ${form} writes it`, () => {
      expect(certificateFrom(header)?.fingerprint256).to.equal(read(pem).fingerprint256)
    })
  }

  for (const [what, header] of [
    ['nothing', ''],
    ['words', '(null)'],
    ['half of it', binary(pem).slice(0, 200)],
    ['base64 without colons', binary(pem).slice(1, -1)],
    ['two that were joined', `${binary(pem)}, ${binary(pem)}`],
    ['two in PEM', encodeURIComponent(pem + pem)],
    ['a broken escape', '-----BEGIN CERTIFICATE-----%'],
    ['something before it', encodeURIComponent(`x${pem}`)],
    ['a private key', encodeURIComponent(selfSigned().key)],
    ['other bytes', ':AAAA:'],
    ['too much', `:${'A'.repeat(20_000)}:`],
  ] as const) {
    it(`is not ${what}`, () => expect(certificateFrom(header)).to.equal(undefined))
  }

  it('is good in its time alone', () => {
    const now = Math.floor(Date.now() / 1000)
    const day = 86_400
    expect(isInItsTime(read(pem), now)).to.equal(true)
    expect(isInItsTime(read(pem), now + 2 * day)).to.equal(false)
    expect(isInItsTime(read(pem), now - 3 * day)).to.equal(false)
    expect(isInItsTime(read(selfSigned(['x'], -1).certificate), now)).to.equal(false)
  })
})

describe('the subject of a certificate (RFC 8705 s2.1.2)', () => {
  const bears = (names: string[], field: SubjectField, expected: string, subject?: Relative[]) =>
    bearsSubject(read(selfSigned(names, 1, subject).certificate), field, expected)

  describe('by its distinguished name', () => {
    const subject: Relative[] = [
      [['C', 'DE']],
      [['O', 'Example, Inc.']],
      [
        ['OU', 'a'],
        ['CN', 'müller+söhne'],
      ],
    ]
    for (const [expected, matches] of [
      ['CN=müller\\+söhne+OU=a,O=Example\\, Inc.,C=DE', true],
      ['OU=a+CN=müller\\+söhne,O=Example\\, Inc.,C=DE', true],
      ['cn=m\\C3\\BCller\\+söhne + ou=a, o=Example\\2C Inc., c=DE', true],
      ['C=DE,O=Example\\, Inc.,CN=müller\\+söhne+OU=a', false],
      ['CN=müller\\+söhne,OU=a,O=Example\\, Inc.,C=DE', false],
      ['CN=müller\\+söhne+OU=a,O=Example\\, Inc.', false],
      ['CN=müller\\+söhne+OU=a,O=Example\\, Inc.,C=DE,C=DE', false],
      ['CN=Müller\\+söhne+OU=a,O=Example\\, Inc.,C=DE', false],
      ['CN=müller+söhne+OU=a,O=Example\\, Inc.,C=DE', false],
      ['', false],
      ['CN=#0403', false],
      ['CN=\\FF+OU=a,O=Example\\, Inc.,C=DE', false],
    ] as const) {
      it(`${matches ? 'is' : 'is not'} ${expected || '(nothing)'}`, () =>
        expect(bears(['x'], 'dn', expected, subject)).to.equal(matches))
    }

    it('is not another’s that only looks like it: a comma, a line, a plus or a blank of a value is no separator', () => {
      const wanted = 'CN=client,O=Example'
      expect(bears(['x'], 'dn', wanted, [[['O', 'Example']], [['CN', 'client']]])).to.equal(true)
      for (const forged of [
        [[['CN', 'client,O=Example']]],
        [[['CN', 'client\nO=Example']]],
        [[['O', 'Example\nCN=client']]],
        [
          [
            ['O', 'Example\n'],
            ['CN', 'client'],
          ],
        ],
        [
          [
            ['O', 'Example'],
            ['CN', 'client'],
          ],
        ],
        [[['O', 'Example']], [['CN', ' client']]],
        [[['O', 'Example']], [['CN', 'client ']]],
        [[['O', 'Example']], [['CN', '"client"']]],
        [[['O', 'Example']], [['CN', '\\client']]],
        [[['O', 'Example']], [['CN', 'client']], [['OU', 'x']]],
        [],
      ] as Relative[][])
        expect(bears(['x'], 'dn', wanted, forged), JSON.stringify(forged)).to.equal(false)
    })

    it('may hold what has to be escaped', () => {
      expect(bears(['x'], 'dn', 'CN=\\ a\\"b\\\\c\\<d\\;\\#\\ ', [[['CN', ' a"b\\c<d;# ']]])).to.equal(true)
      expect(bears(['x'], 'dn', 'CN=a\\\\', [[['CN', 'a\\']]])).to.equal(true)
      expect(bears(['x'], 'dn', 'CN=\\#1', [[['CN', '#1']]])).to.equal(true)
      expect(bears(['x'], 'dn', 'CN=a\\0Ab', [[['CN', 'a\nb']]])).to.equal(true)
    })
  })

  describe('by an alternative name', () => {
    const names = ['client.example', '192.0.2.1', '::1', 'uri:https://client.example/a,b', 'email:ada@example.com']
    for (const [field, expected, matches] of [
      ['dns', 'client.example', true],
      ['dns', 'CLIENT.example', true],
      ['dns', 'other.example', false],
      ['dns', 'example', false],
      ['ip', '192.0.2.1', true],
      ['ip', '192.0.2.2', false],
      ['ip', '::1', true],
      ['ip', '0:0:0:0:0:0:0:1', true],
      ['uri', 'https://client.example/a,b', true],
      ['uri', 'https://client.example/a', false],
      ['email', 'ada@example.com', true],
      ['email', 'Ada@example.com', false],
      ['dns', 'ada@example.com', false],
      ['email', 'client.example', false],
    ] as const) {
      it(`${matches ? 'is' : 'is not'} ${field} ${expected}`, () => expect(bears(names, field, expected)).to.equal(matches))
    }

    it('is not what another name only contains (CVE-2021-44532)', () => {
      for (const forged of [
        'x.example, DNS:client.example',
        'x.example", DNS:client.example',
        'x.example\\", DNS:client.example',
        'client.example\0.attacker.example',
        '*.example',
        'uri:https://x.example/, DNS:client.example',
        'email:x, DNS:client.example',
      ])
        expect(bears([forged], 'dns', 'client.example'), forged).to.equal(false)
      expect(bears(['x, URI:https://client.example', 'uri:x'], 'uri', 'https://client.example')).to.equal(false)
    })

    it('is none where there is none', () => expect(bears([], 'dns', 'client.example')).to.equal(false))
  })
})
