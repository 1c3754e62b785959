import { expect } from 'chai'
import { createPages } from '../../src/pages/render.ts'
import { filledWith, good, pageNames, pages, theme, viewsFolder } from './models.ts'

const titleOf = (html: string) => /<title>(.*)<\/title>/.exec(html)?.[1]
/** Names of the tags, and of their attributes, in the order in which they stand. */
const tagsOf = (html: string) =>
  Array.from(html.matchAll(/<(\/?[a-z0-9]+)((?:\s+[a-z-]+(?:="[^"]*")?)*)\s*\/?>/gi), ([, tag, rest]) => [
    tag,
    ...Array.from(rest!.matchAll(/\s([a-z-]+)(?:="[^"]*")?/gi), ([, name]) => name),
  ])

const hostileTexts = {
  'a script': '<script>alert(1)</script>',
  'quotes that end an attribute': `" onfocus="alert(1)" autofocus x='`,
  'a single quote': `' onerror='alert(1)`,
  'a template tag': '<%= process.env %>',
  'an entity': '&lt;script&gt;&quot;',
  'a script URL': 'javascript:alert(1)',
  'a very long name': 'W'.repeat(20_000),
}

describe('pages', () => {
  for (const page of pageNames) {
    describe(page, () => {
      const html = pages.render(page, good[page])

      it('asks for nothing but our own assets and its client’s logo', () => {
        const sources = Array.from(html.matchAll(/<(?:img|script|link)[^>]* (?:src|href)="([^"]*)"/g), ([, url]) => url!)
        expect(sources.filter((url) => !url.startsWith('/assets/') && url !== 'https://notes.example/logo.png')).to.deep.equal([])
      })

      it('carries no inline script, style or handler', () => {
        expect(html).not.to.match(/<style|\sstyle=|\son[a-z]+=|<script(?! src="\/assets\/)|javascript:/i)
      })

      it('labels what it asks for, once', () => {
        const ids = Array.from(html.matchAll(/\sid="([^"]*)"/g), ([, id]) => id)
        expect(new Set(ids).size).to.equal(ids.length)
        for (const [, id] of html.matchAll(/<input(?![^>]*type="hidden")[^>]* id="([^"]*)"/g))
          expect(html).to.contain(`<label for="${id}">`)
        for (const [, described = ''] of html.matchAll(/aria-describedby="([^"]*)"/g))
          expect(ids).to.include.members(described.split(' '))
      })

      it('has one heading, a language and a title that names the server', () => {
        expect(html.match(/<h1>/g)).to.have.length(1)
        expect(html).to.contain('<html lang="en">')
        expect(titleOf(html)).to.match(/ · Signet$/)
      })

      for (const [kind, text] of Object.entries(hostileTexts)) {
        it(`keeps its structure when every text is ${kind}`, () => {
          const hostile = pages.render(page, filledWith(good[page], text))
          expect(hostile).not.to.contain(text.includes('<') ? text : '<script>alert')
          expect(hostile).not.to.match(/(?:href|src)="javascript:/i)
          const allowed = new Set(tagsOf(html).map(String))
          expect(
            tagsOf(hostile)
              .map(String)
              .filter((tag) => !allowed.has(tag) && !tag.startsWith('li') && tag !== 'input,type,id,name,value,checked'),
          ).to.deep.equal([])
        })
      }
    })
  }

  it('refuse a theme that is no theme at start', () => {
    expect(() => createPages({ viewsFolder, theme: { ...theme, accent: 'red' }, shortestPassword: 8 })).to.throw(
      TypeError,
      'accent',
    )
  })

  it('link their assets by content, so that a cached one is never stale', () => {
    const [path, asset] = [...pages.assets][0]!
    const html = pages.render('home', good.home)
    expect(html).to.contain(`href="${path}?v=${asset.etag.slice(1, 13)}"`)
  })

  it('have a stylesheet under 10 kB', () => {
    expect(Buffer.byteLength(pages.assets.get('/assets/style.css')!.body)).to.be.below(10_000)
  })
})

describe('the sign-in page', () => {
  const { error: _, switchFrom: __, ...calm } = good.signIn

  it('says the error in its title and ties it to both fields', () => {
    const html = pages.render('signIn', good.signIn)
    expect(titleOf(html)).to.match(/^Error: Sign in to continue to Notes/)
    expect(html).to.match(/id="error" role="alert"/)
    expect(html.match(/aria-describedby="error"/g)).to.have.length(2)
  })

  it('says nothing of errors when there is none', () => {
    const html = pages.render('signIn', calm)
    expect(titleOf(html)).to.match(/^Sign in/)
    expect(html).not.to.match(/role="alert"|aria-describedby/)
  })

  it('keeps what was typed before over the hint of the request, and never a password', () => {
    const html = pages.render('signIn', { ...calm, email: 'typed@example.com', loginHint: 'hinted@example.com' })
    expect(html).to.contain('value="typed@example.com"').and.not.contain('hinted@')
    expect(html).to.match(/<input id="password"(?![^>]*value=)/)
  })

  it('tells password managers what its fields are', () => {
    const html = pages.render('signIn', calm)
    expect(html).to.contain('autocomplete="username webauthn"').and.to.contain('autocomplete="current-password"')
  })

  it('names the account that is about to be left', () => {
    expect(pages.render('signIn', { ...calm, switchFrom: 'bob@example.com' })).to.contain('bob@example.com')
  })

  it('offers to cancel only where there is something to go back to', () => {
    expect(pages.render('signIn', calm)).to.contain('action="/interaction/u1/abort"')
    expect(pages.render('signIn', { ...calm, abortAction: undefined })).not.to.contain('Cancel')
  })
})

describe('the consent page', () => {
  const html = pages.render('consent', good.consent)
  const consent = (changes: Partial<typeof good.consent>) => pages.render('consent', { ...good.consent, ...changes })

  it('A28 frames each value of a list, so that one with a comma is not read as two', () => {
    const [permission] = good.consent.permissions
    const framed = (values: string[]) =>
      consent({ permissions: [{ ...permission!, fields: [{ label: 'To', values }] }] }).match(/class="item"/g)?.length
    expect(framed(['Ada', 'Bob'])).to.equal(2)
    expect(framed(['Ada, Bob'])).to.equal(undefined)
    expect(framed(['Ada, Bob', 'Eve'])).to.equal(2)
  })
  const checkboxes = (page: string) =>
    Array.from(page.matchAll(/<input type="checkbox"[^>]* value="([^"]*)" checked>/g), ([, value]) => value)

  it('ticks what is optional, and offers no box for openid or what is required', () => {
    expect(checkboxes(html)).to.deep.equal(['notes:read', 'notes:write'])
    for (const { sentence } of good.consent.permissions) expect(html).to.contain(sentence)
  })

  it('marks what is new, and that alone', () => {
    expect(html.match(/>New</g)).to.have.length(1)
    expect(html).to.match(/Write notes <span class="pill new">New</)
  })

  it('gives Allow and Deny the same weight, and Enter to Deny', () => {
    const buttons = Array.from(
      html.matchAll(/<button class="([^"]*)" type="submit" name="decision" value="([^"]*)">/g),
      ([, look, value]) => [value, look],
    )
    expect(buttons).to.deep.equal([
      ['deny', 'button'],
      ['allow', 'button'],
    ])
  })

  it('says who asks, who is signed in, where the way leads and how to cut it off', () => {
    for (const text of [
      'Notes',
      'Unverified',
      'Ada Lovelace',
      'ada@example.com',
      'Switch account',
      'notes.example',
      'take this back',
    ]) {
      expect(html).to.contain(text)
    }
  })

  it('warns of an app on loopback, and of no other', () => {
    expect(html).to.contain('your own device')
    expect(consent({ loopback: false })).not.to.contain('your own device')
  })

  it('links policy and terms on https or loopback', () => {
    expect(html).to.contain('href="https://notes.example/privacy"').and.to.contain('href="http://localhost:3000/terms"')
  })

  for (const url of [
    'javascript:alert(1)',
    'data:text/html,x',
    'http://notes.example/',
    '//notes.example/',
    'https://a:b@notes.example/',
    'ftp://x/',
  ]) {
    it(`drops links to ${url}`, () => {
      const page = consent({
        client: { name: 'Notes', verified: true, logo: url, policyUri: url, tosUri: url },
        withdrawHref: url,
      })
      expect(page).not.to.contain(url)
      expect(page).not.to.match(/Privacy policy|Terms of service|<img src="(?!\/assets\/)/)
    })
  }

  it('shows a name without what could turn it around, and no longer than a name', () => {
    const page = consent({ client: { name: `\u202eetoN\u200b\u0007${'x'.repeat(500)}`, verified: true } })
    for (const hidden of ['\u202e', '\u200b', '\u0007', 'x'.repeat(65)]) expect(page).not.to.contain(hidden)
    expect(consent({ client: { name: '\u200b\u202e ', verified: true } })).to.contain('Unnamed app')
  })
})

describe('the logout page', () => {
  it('signs out by a field that staying does not send', () => {
    const html = pages.render('logout', good.logout)
    expect(html).to.contain('name="xsrf" value="x5rf"').and.to.contain('name="logout" value="yes">Sign out<')
    expect(html).to.contain('<button class="button quiet" type="submit">Stay signed in<')
  })
})

describe('the home page', () => {
  it('links the sample client in development alone', () => {
    expect(pages.render('home', good.home)).to.contain('href="http://localhost:4002/"')
    expect(pages.render('home', { ...good.home, development: false })).not.to.contain('localhost:4002')
  })
})
