import { expect } from 'chai'
import { type Letter, type LetterModels, letterKinds, type WhyTold } from '../../src/mail/letters.ts'
import { filledWith } from '../pages/models.ts'
import { good, letters } from './models.ts'

const write = (kind: string, model: object) => letters.write({ kind, model } as Letter)
/** Tags and what they are given, but for the values. */
const structureOf = (html: string) => Array.from(html.matchAll(/<(\/?[a-z0-9]+)/gi), ([, tag]) => tag)

const names = {
  'a script': '<script>alert(1)</script>',
  'a tag in an attribute': '"><img src=x onerror=alert(1)>',
  'a template tag': '<%= process.env %>',
  'lines of its own': 'Ada\r\nBcc: all@example.com\n\n[Win](https://evil.example)',
  'an address of the web': 'http://evil.example/',
  'a bare host name': 'evil.example',
  'a host name with another dot': 'evil。example',
  'an address of mail': 'someone@evil.example',
  'characters that turn the line around': '\u202egnp.exe\u2066',
  'nothing that can be seen': '\u200b\u2060',
  'a very long name': 'W'.repeat(20_000),
}

describe('letters', () => {
  for (const kind of letterKinds) {
    const model = good[kind]
    const { subject, text, html } = write(kind, model)

    describe(kind, () => {
      it('says in one line what it is', () => expect(subject).to.match(/^[A-Z][^\r\n<>]{10,70}$/))

      it('says the same as text and as HTML', () => {
        const plain = html
          .replace(/<style>.*<\/style>/s, '')
          .replace(/<[^>]+>/g, ' ')
          .replace(/&amp;/g, '&')
          .replace(/\s+/g, ' ')
        for (const line of text.split('\n').filter((line) => line !== '' && line !== '-- '))
          expect(plain).to.contain(line.replace(/:$/, ''))
      })

      if ('link' in model)
        it('has its link whole, on a line of the text and in the HTML', () => {
          expect(text.split('\n')).to.include(model.link)
          const hrefs = Array.from(html.matchAll(/href="([^"]*)"/g), ([, href]) => href)
          expect(new Set(hrefs)).to.deep.equal(new Set([model.link.replace('&', '&amp;')]))
        })

      it('says which server it comes from', () => {
        for (const part of [text, html]) expect(part).to.contain('id.example.com')
      })

      it('M09 asks for nothing from anywhere, and knows no script', () => {
        expect(html).not.to.match(/<(img|script|link|iframe|object|video|audio|form|base)|url\(|@import|\ssrc=|\son[a-z]+=/i)
      })

      for (const [what, name] of Object.entries(names))
        it(`M12 is as it was when a name is ${what}`, () => {
          const hostile = write(kind, { ...filledWith(model, name), ...('link' in model && { link: model.link }) })
          expect(structureOf(hostile.html)).to.deep.equal(structureOf(html))
          expect(hostile.subject).to.equal(subject)
          expect(hostile.text.split('\n')).to.have.length(text.split('\n').length)
          expect(hostile.html.length).to.be.below(html.length + 1_000)
          for (const part of [hostile.text, hostile.html]) {
            expect(part).not.to.match(/evil[.。]example|@evil|[\u202e\u2066\u200b\u2060]/)
            expect(part).to.not.include('undefined')
          }
        })
    })
  }

  it('M12 hold nothing of what a stranger chose where a stranger can cause them', () => {
    for (const kind of ['sign-up', 'address-in-use', 'email-change'] as const) expect(good[kind]).to.not.have.property('name')
  })

  it('call a person by name where that is one', () => {
    expect(write('recovery', good.recovery).text).to.match(/^Hello Ada Lovelace,\n/)
    expect(write('recovery', { ...good.recovery, name: 'Żółw J. O’Neil, Jr.' }).text).to.match(/^Hello Żółw J\. O’Neil, Jr\.,\n/)
    expect(write('recovery', { ...good.recovery, name: 'evil.example' }).text).to.match(/^Hello,\n/)
  })

  it('leave out what there is nothing to say of', () => {
    const { text } = write('new-device', { ...good['new-device'], agent: undefined })
    expect(text)
      .to.not.contain('calls itself')
      .and.to.not.match(/\n\n\n/)
  })

  it('say times in UTC, and how long a link is good in words', () => {
    expect(write('password-changed', good['password-changed']).text).to.contain('on 2 Jan 2026, 03:04 UTC')
    for (const [lifetimeSeconds, words] of [
      [86_400, 'one day'],
      [259_200, '3 days'],
      [5_400, '90 minutes'],
      [7_200, '2 hours'],
      [61, '61 seconds'],
    ] as const)
      expect(write('sign-up', { ...good['sign-up'], lifetimeSeconds }).text).to.contain(`good for ${words}`)
  })

  it('say of API keys why they ended, and that there are more than they name', () => {
    const ended = (more: Partial<LetterModels['api-key-ended']>) => write('api-key-ended', { ...good['api-key-ended'], ...more })
    const saying: Record<WhyTold, string> = {
      operator: 'The operator did it',
      leaked: 'others may have read it',
      disabled: 'Your account was disabled',
      role: 'has lost a role',
      password: 'another password',
      address: 'former e-mail address',
    }
    for (const [why, words] of Object.entries(saying) as [WhyTold, string][]) {
      const { text } = ended({ why })
      for (const [other, said] of Object.entries(saying)) expect(text.includes(said), `${why}, ${other}`).to.equal(said === words)
      expect(text.includes('See your API keys:'), `${why}: a page that they can sign in to`).to.equal(why !== 'disabled')
    }
    const of = (count: number) => ended({ keys: Array.from({ length: count }, (_, n) => ({ key: `key ${n}`, api: 'Notes' })) })
    expect(of(1).subject).to.equal('An API key of yours was ended')
    expect(of(1).text).to.match(
      /\nAn API key of your account at \S+ was ended on [^:]+:\d\d UTC: “key 0” for Notes\. Programs that use it /,
    )
    expect(of(10).subject).to.equal('API keys of yours were ended')
    expect(of(10).text).to.match(/\n10 API keys of .*“key 9” for Notes\. Programs that use them /)
    expect(of(12).text).to.contain('“key 9” for Notes, and 2 more.').and.to.not.contain('key 10')
  })

  it('name an API key as its owner does, without what a mail program would make a link of', () => {
    for (const [key, words] of [
      ['Żółw’s laptop, 2nd', 'Żółw’s laptop, 2nd'],
      ['ci/deploy@build.example.com', 'ci deploy build example com'],
      ['...', '?'],
    ])
      expect(write('api-key-added', { ...good['api-key-added'], key }).text).to.contain(`“${words}” for Notes,`)
  })

  it('are none that has no template', () => expect(() => write('x', {})).to.throw(TypeError, 'no letter x'))
})
