import { expect } from 'chai'
import { html, json } from '../../src/sample-client/html.ts'
import { signedInPage, troublePage } from '../../src/sample-client/page.ts'

const hostile = `<script>alert(1)</script>"'&`
const escaped = '&lt;script&gt;alert(1)&lt;/script&gt;&quot;&#39;&amp;'

describe('html', () => {
  it('escapes text and leaves HTML of its own making', () => {
    expect(html`<p title="${hostile}">${html`<b>${hostile}</b>`}</p>`.text).to.equal(
      `<p title="${escaped}"><b>${escaped}</b></p>`,
    )
  })

  it('joins lists and leaves out what is undefined', () => {
    expect(html`${[1, html`<i>2</i>`, '<3']}${undefined}`.text).to.equal('1<i>2</i>&lt;3')
  })

  it('escapes an object that only looks like HTML', () => {
    expect(html`${{ text: hostile } as never}`.text).to.equal('[object Object]')
  })

  it('escapes JSON, names and values alike', () => {
    const { text } = json({ [hostile]: hostile, list: ['<b>'] })
    expect(text).not.to.match(/<script|<b>/)
    expect(text).to.contain('<span class="member">&quot;list&quot;</span>')
  })
})

describe('pages of the sample client', () => {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const accessToken = `${part({ alg: 'ES256', typ: 'at+jwt' })}.${part({ exp: 1_800_000_000, scope: hostile, sub: hostile })}.sig`
  const answer = { request: hostile, status: 403, challenge: hostile, body: hostile, lacksPermission: true }
  const pages = {
    'signed in': signedInPage(
      { sub: hostile, name: hostile, email: hostile, accessToken, idToken: '' },
      { answer, notice: hostile },
    ),
    trouble: troublePage(hostile, hostile, hostile),
  }

  for (const [name, text] of Object.entries(pages)) {
    it(`reflect no markup and carry nothing inline (${name})`, () => {
      expect(text).not.to.match(/<script|<style|\sstyle=|\son[a-z]+="/)
      expect(text).to.contain('&lt;script&gt;')
    })
  }

  it('offer to ask for a permission only when that would help', () => {
    const person = { sub: 'a', name: 'Ada', accessToken, idToken: '' }
    expect(pages['signed in']).to.contain('action="/step-up"')
    expect(signedInPage(person, { answer: { ...answer, lacksPermission: false } })).not.to.contain('/step-up')
  })
})
