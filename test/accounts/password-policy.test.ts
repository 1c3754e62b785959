import { expect } from 'chai'
import { type CheckPassword, createPasswordPolicy } from '../../src/accounts/password-policy.ts'
import { createPasswords, type Passwords } from '../../src/crypto/passwords.ts'
import { refusalOf } from '../store/place.ts'

const ada = { email: 'ada.king@engines.example', name: 'Ada Lovelace' }
const asked = { share: 'people' } as const

describe('a password that is chosen', () => {
  let passwords: Passwords
  let check: CheckPassword
  before(() => {
    passwords = createPasswords()
    check = createPasswordPolicy({ passwords, shortest: 8, site: 'Signet' })
  })
  after(() => passwords.close())

  for (const good of [
    'analytical engine',
    'correct horse battery staple',
    'xK9#mQ2p',
    'ключ от квартиры',
    '鍵は机の上にあります',
    '🗝🐙🥄🛶🪁🧭🫖🪴',
    'nothing but small letters',
    '8163 4429 0175',
    ' spaces around it ',
    'lovelace wrote of numbers',
    `${'a'.repeat(64)}Xq7?pa2`,
  ])
    it(`may be ${JSON.stringify(good)}`, () => check(good, ada, asked))

  for (const [why, sentence, bad] of [
    [
      'common',
      /tried first/,
      ['password', 'Password1!', 'p@ssw0rd2024', 'iloveyou1', 'letmein!!', 'dragon12345', 'ｐａｓｓｗｏｒｄ'],
    ],
    ['a pattern', /tried first/, ['aaaaaaaa', 'abcdefgh', 'qwertyuiop', '12345678', '2026-11-28', '        ', 'abc'.repeat(80)]],
    [
      'of its person or site',
      /too close to the name, the e-mail address or this site/,
      [
        'ada.king@engines.example',
        'ADA.KING@ENGINES.EXAMPLE',
        'ada.king',
        'adalovelace1815',
        'Lovelace!',
        'ecalevol',
        'L0vel4ce',
        'Signet2026',
        'engines.example',
      ],
    ],
    ['too short', /at least 8 characters/, ['', 'xK9#mQ2', '🗝🗝🗝🗝🗝🗝🗝', 'e\u0301e\u0301e\u0301e\u0301xyz']],
  ] as [string, RegExp, string[]][])
    for (const password of bad)
      it(`is refused when it is ${why}: ${JSON.stringify(password.slice(0, 30))}`, async () => {
        const refusal = await refusalOf(check(password, ada, asked))
        expect(refusal).to.include({ code: 'weak_password', status: 400 })
        expect(refusal.message).to.match(sentence)
        if (password.length > 8) expect(refusal.message).not.to.include(password)
      })

  it('may be close to somebody else', async () => {
    await check('adalovelace1815', { email: 'grace@example.com', name: 'Grace Hopper' }, asked)
  })

  for (const length of [64, 256])
    it(`L09: may have ${length} characters, also such as take two units`, async () => {
      const one = (at: number) => String.fromCodePoint(0x1f400 + ((at * 37) % 60))
      await check(Array.from({ length }, (_, at) => one(at)).join(''), ada, asked)
    })

  for (const length of [257, 1_024, 1_025, 1_000_000])
    it(`L09: has no ${length} characters, and nobody hashes or judges it`, async () => {
      const before = passwords.waiting
      const refusal = refusalOf(check('x'.repeat(length), ada, asked))
      expect(passwords.waiting).to.equal(before)
      expect((await refusal).code).to.equal('password_too_long')
    })

  it('is as long as the settings want', async () => {
    const strict = createPasswordPolicy({ passwords, shortest: 15, site: 'Signet' })
    expect((await refusalOf(strict('analytical eng', ada, asked))).message).to.match(/at least 15/)
    await strict('analytical engi', ada, asked)
  })

  it('is judged in the share of whoever asks, and told to come back where there is no room', async () => {
    const full = createPasswords({ bounds: { people: { limit: 1, turns: 1 }, strangers: { limit: 0, turns: 1 } } })
    const policy = createPasswordPolicy({ passwords: full, shortest: 8, site: 'Signet' })
    try {
      expect((await refusalOf(policy('analytical engine', ada, { share: 'strangers' }))).code).to.equal('busy')
      await policy('analytical engine', ada, asked)
    } finally {
      await full.close()
    }
  })

  it('is judged by a bounded number of words, however long a name or an address is', async () => {
    let known: string[] = []
    const strength = async (_: string, words: string[]) => {
      known = words
      return { guesses: 1e9, because: 'pattern' as const }
    }
    const policy = createPasswordPolicy({ passwords: { strength }, shortest: 8, site: 'Signet' })
    const name = Array.from({ length: 9_000 }, (_, at) => `name${at}`).join(' ')
    await policy('analytical engine', { email: `${'x'.repeat(9_000)}@example.com`, name }, asked)
    expect(known).to.have.length.within(3, 40)
    for (const word of known) expect(word.length).to.be.at.most(320)
  })
})
