/** API keys as people make, see and end them, on the pages of their account. */
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { expect } from 'chai'
import { createVisitor, type Page, type Visitor } from '../../src/try/visitor.ts'
import { claimsOf, pattern } from '../support/api-keys.ts'
import { letterTo, linkOf } from '../support/inbox.ts'
import { api, declared, otherApi, startTestServer, type TestServer } from '../support/server.ts'
import { password } from '../support/story.ts'
import { returnToPresent, travel } from '../support/time.ts'

const apis = declared.apis.map((one) => ({ ...one, apiKeys: true }))
const keys = '/account/keys'
const making = '/account/keys/new'
const daySeconds = 86_400

interface Person {
  email: string
  id: string
  visitor: Visitor
}

describe('a person’s API keys', () => {
  let server: TestServer
  let log = ''
  let ada: Person

  before(async () => {
    const note = (event: string, detail?: object) => {
      log += JSON.stringify([event, detail])
    }
    server = await startTestServer({
      settings: { apis, apiKeys: { mostPerPerson: 3, longestDays: 200 }, log: { requests: true } },
      log: { info: note, error: note } as never,
    })
    ada = await newPerson('ada')
  })
  after(() => server.close())
  afterEach(returnToPresent)

  async function newPerson(name: string, roles: string[] = []): Promise<Person> {
    const { id, email } = await server.parts.accounts.add({ email: `${name}@example.com`, password, name, roles })
    const visitor = createVisitor(server.issuer)
    await visitor.submit(await visitor.open(keys), '/sign-in', { email, password })
    return { id, email, visitor }
  }

  const wish = { name: 'Laptop', api, scope: [`${api} notes:read`], end: '30', until: '' }
  /** As a person fills in the form. */
  async function make({ visitor }: Person, wishes: Record<string, string | string[]> = {}): Promise<Page> {
    return visitor.submit(await visitor.open(making), making, { ...wish, ...wishes })
  }
  const keyOn = ({ html }: Page) => html.match(pattern)?.[0]
  async function made(person: Person, wishes: Record<string, string | string[]> = {}): Promise<{ key: string; page: Page }> {
    const page = await make(person, wishes)
    const key = keyOn(page)
    if (!key) throw new Error(`no key (${page.status}): ${page.html}`)
    return { key, page }
  }
  const rowsOf = ({ id }: Person) => server.parts.store.keys.of({ account: id }, 100)
  const isGood = async (key: string) => (await server.parts.apiKeys.findLiving(key)) !== undefined
  const pathOf = (key: string) => `${keys}/${claimsOf(key).jti}`
  const end = async ({ visitor }: Person, at: string) => visitor.submit(await visitor.open(at), at, {})

  it('are reached from the account, by a sign-in of these minutes', async () => {
    const account = await ada.visitor.open('/account')
    expect(account.html).to.match(/API keys<\/dt><dd>None<.*href="\/account\/keys"/)
    const page = await ada.visitor.open(keys)
    expect([page.status, page.html]).to.satisfy(
      ([status, html]: [number, string]) => status === 200 && html.includes('You have none.'),
    )
    travel(301)
    for (const at of [keys, making]) expect((await ada.visitor.open(at)).url.pathname, at).to.match(/^\/interaction\//)
    expect((await ada.visitor.open('/account')).url.pathname, 'the control').to.equal('/account')
  })

  it('are made of a name, an API, what is ticked and an end, and seen from then on without what would open anything', async () => {
    const person = await newPerson('grace')
    const { key, page } = await made(person, { scope: [`${api} notes:read`, `${api} notes:write`] })
    const now = server.parts.now()
    expect([page.status, page.headers.get('cache-control')]).to.deep.equal([200, 'no-store'])
    expect(claimsOf(key)).to.include({ sub: person.id, aud: api, scope: 'notes:read notes:write', client_id: 'signet:keys' })
    expect(claimsOf(key).exp).to.be.within(now + 30 * daySeconds - 5, now + 30 * daySeconds)
    expect(await isGood(key)).to.equal(true)
    const { html } = await person.visitor.open(keys)
    for (const text of ['Laptop', 'Notes: Read your notes, Change your notes', 'Made ', 'Good until ', pathOf(key)])
      expect(html).to.include(text)
    expect((await person.visitor.open('/account')).html).to.match(/API keys<\/dt><dd>1</)
    const [entry] = await server.parts.audit.list({ act: 'api_key.added' }, 1)
    expect(entry).to.include({ actor: `account:${person.id}`, account: person.id })
  })

  it('are made a hundred times a day at most, since each that ends leaves something in the list for as long as it would have lived', async () => {
    const person = await newPerson('often')
    const { hit } = server.parts.store.counters
    const taken = await Promise.all(Array.from({ length: 98 }, () => hit(`new-api-keys:${person.id}`, daySeconds)))
    const refused = await make(person, { name: 'Nothing', scope: [] })
    expect([refused.status, keyOn(refused)], 'what is refused does not count').to.deep.equal([422, undefined])
    const { key } = await made(person, { name: 'One' })
    await end(person, pathOf(key))
    await made(person, { name: 'Two' })
    const page = await make(person, { name: 'Three' })
    expect([page.status, keyOn(page)]).to.deep.equal([429, undefined])
    expect(page.html).to.include('Too many attempts')
    expect(page.headers.get('retry-after')).to.match(/^\d+$/)
    expect(taken.at(-1)?.count).to.equal(98)
  })

  it('P05: are shown once, and nowhere else: on no page, in no cookie, letter, log or file', async () => {
    const person = await newPerson('once')
    const { key, page } = await made(person)
    const { jti } = claimsOf(key)
    const signature = key.split('.')[2]!.slice(0, 86)
    expect(page.html.split(signature)).to.have.length(2)
    const later = await Promise.all([keys, making, pathOf(key), '/account'].map((at) => person.visitor.open(at)))
    const kept = readdirSync(server.folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => readFileSync(path.join(entry.parentPath, entry.name), 'latin1'))
    const letter = await letterTo(server, person.email, 'api-key-added')
    const seen = {
      letters: [JSON.stringify(letter)],
      pages: later.map(({ html }) => html),
      cookies: [JSON.stringify([...person.visitor.cookies])],
      log: [log],
      kept,
    }
    for (const [where, texts] of Object.entries(seen)) expect(texts.join('\n'), where).to.not.include(signature)
    // The controls: each was looked into, and knows of the key.
    expect(seen.pages.join()).to.include(jti)
    expect(kept.join('\n')).to.include(jti)
    expect(log).to.include('account_keys_new')
    expect(letter.text).to.include('“Laptop” for Notes')
  })

  it('are not made once more when the answer is loaded anew, which sends its form again', async () => {
    const person = await newPerson('reload')
    const form = await person.visitor.open(making)
    expect(keyOn(await person.visitor.submit(form, making, wish)), 'the control').to.be.a('string')
    const again = await person.visitor.submit(form, making, { ...wish, name: ' Laptop' })
    expect([again.status, keyOn(again)]).to.deep.equal([409, undefined])
    expect(again.html).to.include('You have a key of this name.')
    expect(await rowsOf(person)).to.have.length(1)
  })

  it('are made for one API, whatever was ticked before another was chosen', async () => {
    const person = await newPerson('two')
    const { key } = await made(person, { api: otherApi, scope: [`${api} notes:read`, `${otherApi} mail:read`] })
    expect(claimsOf(key)).to.include({ aud: otherApi, scope: 'mail:read' })
    const none = await make(person, { name: 'Other', api: otherApi, scope: [`${api} notes:read`] })
    expect([none.status, keyOn(none)]).to.deep.equal([422, undefined])
  })

  it('are good until the end of the day that was named, in UTC', async () => {
    const person = await newPerson('dated')
    const until = new Date((server.parts.now() + 200 * daySeconds) * 1_000).toISOString().slice(0, 10)
    const { key } = await made(person, { end: 'date', until })
    expect(new Date(claimsOf(key).exp! * 1_000).toISOString()).to.equal(`${until}T23:59:59.000Z`)
  })

  it('last as long as the settings let them, which is a choice of its own', async () => {
    const { html } = await ada.visitor.open(making)
    expect(Array.from(html.matchAll(/name="end" value="(\w+)"/g), ([, value]) => value)).to.deep.equal([
      '7',
      '30',
      '90',
      '200',
      'date',
    ])
  })

  const day = (after: number) => new Date((server.parts.now() + after * daySeconds) * 1_000).toISOString().slice(0, 10)
  const bad: [string, () => Record<string, string | string[]>][] = [
    ['no name', () => ({ name: ' ' })],
    ['a name that is too long', () => ({ name: 'x'.repeat(81) })],
    ['a name that nobody can read', () => ({ name: '\u200b\u202e' })],
    ['nothing ticked', () => ({ scope: [] })],
    ['what only an editor may', () => ({ scope: [`${api} notes:read`, `${api} notes:delete`] })],
    ['a scope that is none', () => ({ scope: [`${api} admin`] })],
    ['a scope of two', () => ({ scope: [`${api} notes:read notes:write`] })],
    ['no API', () => ({ api: '' })],
    ['an API that is none', () => ({ api: 'https://evil.example', scope: ['https://evil.example notes:read'] })],
    ['userinfo as the API', () => ({ api: `${server.issuer}/userinfo`, scope: [`${server.issuer}/userinfo openid`] })],
    ['no end', () => ({ end: '' })],
    ['an end of no days', () => ({ end: '0' })],
    ['an end before now', () => ({ end: '-1' })],
    ['an end too far away', () => ({ end: '201' })],
    ['an end that is no number', () => ({ end: '1e2' })],
    ['no day', () => ({ end: 'date' })],
    ['a day of no calendar', () => ({ end: 'date', until: `${day(365).slice(0, 4)}-02-30` })],
    ['a day that is over', () => ({ end: 'date', until: day(-1) })],
    ['a day too far away', () => ({ end: 'date', until: day(201) })],
    ['a day with a time', () => ({ end: 'date', until: `${day(30)}T10:00` })],
  ]
  it('are not made of what is no wish: the form says what is wrong, and keeps what was typed', async () => {
    const person = await newPerson('typist')
    for (const [what, wishes] of bad) {
      const page = await make(person, { name: 'Typed before', ...wishes() })
      expect([page.status, keyOn(page)], what).to.deep.equal([422, undefined])
      expect(page.html, what).to.match(/role="alert"/)
      if (wishes().name === undefined) expect(page.html, what).to.include('value="Typed before"')
    }
    expect(await rowsOf(person)).to.deep.equal([])
    await made(person, { name: 'Typed before' })
    const editor = await newPerson('editor', ['editor'])
    expect(claimsOf((await made(editor, { scope: [`${api} notes:delete`] })).key).scope).to.equal('notes:delete')
  })

  it('are as many as the settings say, and no more', async () => {
    const person = await newPerson('keen')
    const form = await person.visitor.open(making)
    for (const name of ['a', 'b', 'c']) await made(person, { name })
    const fourth = await person.visitor.submit(form, making, { ...wish, name: 'd' })
    expect([fourth.status, keyOn(fourth)]).to.deep.equal([409, undefined])
    const list = await person.visitor.open(keys)
    expect(list.html).to.include('You have 3, as many as there can be at once.').and.not.include(making)
  })

  it('end on their page, after a question, for good', async () => {
    const person = await newPerson('ender')
    const [{ key: kept }, { key }] = [await made(person, { name: 'Kept' }), await made(person, { name: 'Ended' })]
    const asked = await person.visitor.open(pathOf(key))
    expect(asked.html).to.include('End this API key?').and.include('Ended')
    expect(await isGood(key), 'nothing is done by looking').to.equal(true)
    const list = await person.visitor.submit(asked, pathOf(key), {})
    expect([list.status, list.url.pathname]).to.deep.equal([200, keys])
    expect(list.html).to.include('The key is ended.').and.include('Kept').and.not.include('Ended')
    expect([await isGood(key), await isGood(kept)]).to.deep.equal([false, true])
    const again = await person.visitor.submit(asked, pathOf(key), {})
    expect([again.status, again.html]).to.satisfy(
      ([status, html]: [number, string]) => status === 404 && html.includes('No such key'),
    )
  })

  it('P06: are nobody else’s to see or to end: as if there were none', async () => {
    const owner = await newPerson('owner')
    const other = await newPerson('other')
    const { key } = await made(owner)
    const { key: own } = await made(other)
    expect((await other.visitor.open(keys)).html).to.not.include(String(claimsOf(key).jti))
    const csrf = (await other.visitor.open(pathOf(own))).forms.find(({ action }) => action === pathOf(own))!.fields
    const answers = new Set<string>()
    for (const at of [pathOf(key), `${keys}/${'A'.repeat(22)}`, `${keys}/__proto__`, `${keys}/%00`]) {
      const seen = await other.visitor.open(at)
      const posted = await other.visitor.fetch(at, { method: 'POST', body: new URLSearchParams(csrf) })
      expect([seen.status, posted.status], at).to.deep.equal([404, 404])
      const said = [seen.html, await posted.text()]
      answers.add(said.map((html) => html.replace(/<dd>[0-9a-f-]{36}<\/dd>|<code>[0-9a-f-]{36}<\/code>/g, '')).join())
    }
    expect(answers.size, 'byte for byte, but for the request’s id').to.equal(1)
    expect(await isGood(key)).to.equal(true)
    expect((await end(owner, pathOf(key))).status, 'the control').to.equal(200)
    expect(await isGood(key)).to.equal(false)
  })

  it('P01: are made and ended by nobody who is not signed in, and for nobody else', async () => {
    const victim = await newPerson('victim')
    const { key } = await made(victim)
    const whose = { userId: victim.id, account: victim.id, sub: victim.id, owner: victim.id }
    const form = await ada.visitor.open(making)
    const csrf = Object.fromEntries(form.forms.find(({ action }) => action === making)!.fields).csrf!
    const posts: [string, Record<string, string>][] = [
      [making, { ...wish, scope: wish.scope[0]!, csrf, ...whose }],
      [pathOf(key), { csrf, ...whose }],
      [keys, { csrf, ...whose }],
    ]
    for (const [at, body] of posts.slice(0, 2)) {
      const post = { method: 'POST', body: new URLSearchParams(body), redirect: 'manual' } as const
      const program = await fetch(server.issuer + at, post)
      expect([program.status, program.headers.get('www-authenticate')], at).to.deep.equal([401, 'Cookie'])
      const browser = await createVisitor(server.issuer).fetch(at, post)
      expect([browser.status, browser.headers.get('location')], at).to.satisfy(
        ([status, location]: [number, string]) => status === 303 && location.startsWith('/auth?'),
      )
    }
    for (const [at, body] of posts) {
      const json = { method: 'POST', body: JSON.stringify(body), headers: { 'content-type': 'application/json' } } as const
      expect((await fetch(server.issuer + at, json)).status, `${at} as JSON`).to.be.oneOf([404, 415])
    }
    expect(await rowsOf(victim)).to.have.length(1)
    // Whoever names somebody else in a form that is good makes a key of their own.
    const page = await ada.visitor.fetch(making, { method: 'POST', body: new URLSearchParams(posts[0]![1]) })
    expect(claimsOf((await page.text()).match(pattern)![0]).sub).to.equal(ada.id)
    expect(await rowsOf(victim)).to.have.length(1)
    expect(await isGood(key)).to.equal(true)
  })

  it('P04, P08: open no page of an account, whichever way one is shown: no key is made by one, nor anything changed', async () => {
    const person = await newPerson('thief')
    const { key } = await made(person)
    const csrf = async (at: string) =>
      Object.fromEntries((await person.visitor.open(at)).forms.find(({ action }) => action === at)!.fields).csrf!
    const forms: [string, Record<string, string>][] = [
      [making, { ...wish, name: 'Second', scope: wish.scope[0]! }],
      [pathOf(key), {}],
      ['/account/name', { name: 'Eve' }],
      ['/account/password', { current: password, password: 'another good password' }],
      ['/account/email', { email: 'eve@example.com' }],
      ['/account/delete', { sure: 'yes' }],
    ]
    const session = [...person.visitor.cookies].map(([name]) => name.split(' ')[0]).find((name) => name?.includes('session'))
    const shown: Record<string, string>[] = [
      { authorization: `Bearer ${key}` },
      { authorization: `Basic ${Buffer.from(`${person.email}:${key}`).toString('base64')}` },
      { cookie: `${session}=${key}` },
      { cookie: `${session}=${claimsOf(key).jti}` },
    ]
    expect(session, 'the name of the session’s cookie').to.be.a('string')
    for (const headers of shown)
      for (const [at, body] of forms) {
        const form = new URLSearchParams({ ...body, csrf: await csrf(at), access_token: key })
        const posted = await fetch(server.issuer + at, { method: 'POST', body: form, headers, redirect: 'manual' })
        expect(posted.status, `POST ${at} ${Object.keys(headers)}`).to.equal(401)
        const seen = await fetch(server.issuer + at, { headers, redirect: 'manual' })
        expect([seen.status, await seen.text()].join(' '), `GET ${at}`)
          .to.match(/^303 /)
          .and.not.include(person.email)
      }
    for (const headers of shown)
      expect((await fetch(`${server.issuer}/userinfo`, { headers })).status, `userinfo ${Object.keys(headers)}`).to.be.oneOf([
        400, 401,
      ])
    expect(await server.parts.accounts.findByEmail(person.email)).to.include({ id: person.id, name: 'thief' })
    expect(await rowsOf(person)).to.have.length(1)
    // The control: the same form, signed in.
    const [at, body] = forms[0]!
    const form = new URLSearchParams({ ...body, csrf: await csrf(at) })
    expect(keyOn({ html: await (await person.visitor.fetch(at, { method: 'POST', body: form })).text() } as Page)).to.be.a(
      'string',
    )
  })

  describe('beside a new password', () => {
    const next = 'another good password'
    const change = async ({ visitor }: Person, values: Record<string, string | string[]> = {}) =>
      visitor.submit(await visitor.open('/account/password'), '/account/password', {
        current: password,
        password: next,
        ...values,
      })

    it('go on unless their person says so', async () => {
      const person = await newPerson('changing')
      expect((await person.visitor.open('/account/password')).html, 'where there is none').to.not.include('name="keys"')
      const { key } = await made(person)
      expect((await person.visitor.open('/account/password')).html).to.match(/value="end"><label for="keys">End my API key too</)
      expect((await change(person)).html).to.include('Your password is changed. Everywhere else you are signed out.')
      expect(await isGood(key)).to.equal(true)
    })

    it('end with it where that is ticked, and the tick stays while the password is refused', async () => {
      const person = await newPerson('cautious')
      const all = [(await made(person)).key, (await made(person, { name: 'Phone' })).key]
      const keysToo = { keys: ['asked', 'end'] }
      const refused = await change(person, { ...keysToo, password: 'password' })
      expect([refused.status, refused.html]).to.satisfy(
        ([status, html]: [number, string]) =>
          status === 422 && /value="end" checked><label for="keys">End my 2 API keys too</.test(html),
      )
      expect(await Promise.all(all.map(isGood)), 'until it is changed').to.deep.equal([true, true])
      expect((await change(person, keysToo)).html).to.include('and your API keys are ended.')
      expect(await Promise.all(all.map(isGood))).to.deep.equal([false, false])
    })

    /** The page of a recovery link. */
    async function recovering({ email }: Person): Promise<{ visitor: Visitor; page: Page }> {
      const visitor = createVisitor(server.issuer)
      await visitor.submit(await visitor.open('/recovery'), '/recovery', { email })
      return { visitor, page: await visitor.open(linkOf(await letterTo(server, email, 'recovery'))) }
    }
    const choose = ({ visitor, page }: { visitor: Visitor; page: Page }, values: Record<string, string | string[]> = {}) =>
      visitor.submit(page, page.url.pathname, { password: next, ...values })

    it('end when it was forgotten, unless their person takes the tick away, which stays away while a password is refused', async () => {
      for (const keeps of [false, true]) {
        const person = await newPerson(keeps ? 'keeping' : 'forgetful')
        const { key } = await made(person)
        const at = await recovering(person)
        expect(at.page.html).to.match(/value="end" checked><label for="keys">End my API key too</)
        const given: Record<string, string> = keeps ? { keys: 'asked' } : {}
        const refused = await choose(at, { ...given, password: 'password' })
        expect(/value="end" checked/.test(refused.html)).to.equal(!keeps)
        const done = await choose({ ...at, page: refused }, given)
        expect(done.html).to.include(
          keeps ? 'Your password is changed, and you are' : 'Your password is changed, your API keys are ended, and',
        )
        expect(await isGood(key)).to.equal(keeps)
      }
    })

    it('end when it was forgotten and they were made while its page was open: its person knew of none', async () => {
      const person = await newPerson('overtaken')
      const at = await recovering(person)
      expect(at.page.html).to.not.include('name="keys"')
      const { key } = await made(person)
      await choose(at)
      expect(await isGood(key)).to.equal(false)
    })
  })

  it('S05, S11: are made and ended by forms of ours alone, and not by a sign-in of an hour ago', async () => {
    const person = await newPerson('guarded')
    const { key } = await made(person)
    const forms = await Promise.all([making, pathOf(key)].map((at) => person.visitor.open(at)))
    const posts = forms.map(({ url: { pathname: at }, forms: shown }) => {
      const body = new URLSearchParams(shown.find(({ action }) => action === at)!.fields)
      for (const [name, value] of Object.entries({ ...wish, name: 'Forged', scope: wish.scope[0]! })) body.set(name, value)
      return { at, body }
    })
    for (const { at, body } of posts) {
      const foreign = { headers: { 'sec-fetch-site': 'cross-site' }, method: 'POST', body }
      expect((await person.visitor.fetch(at, foreign)).status, at).to.equal(403)
      const without = new URLSearchParams([...body].filter(([name]) => name !== 'csrf'))
      expect((await person.visitor.fetch(at, { method: 'POST', body: without })).status, at).to.equal(403)
    }
    travel(3_600)
    for (const { at, body } of posts) {
      const answer = await person.visitor.fetch(at, { method: 'POST', body })
      expect([answer.status, answer.headers.get('location')?.slice(0, 6)], at).to.deep.equal([303, '/auth?'])
    }
    expect((await rowsOf(person)).map(({ name }) => name)).to.deep.equal(['Laptop'])
    returnToPresent()
    for (const { at, body } of posts.reverse())
      expect((await person.visitor.fetch(at, { method: 'POST', body })).status, `the control ${at}`).to.be.oneOf([200, 303])
    expect((await rowsOf(person)).map(({ name }) => name)).to.deep.equal(['Forged'])
  })
})

describe('where no API takes API keys', () => {
  it('nobody is led to where they are made, and nothing is there', async () => {
    const server = await startTestServer()
    try {
      const { email } = await server.parts.accounts.add({ email: 'ada@example.com', password })
      const visitor = createVisitor(server.issuer)
      const account = await visitor.submit(await visitor.open('/account'), '/sign-in', { email, password })
      expect(account.html).to.include(email).and.not.include('API keys')
      const list = await visitor.open(keys)
      expect([list.status, list.html]).to.satisfy(
        ([status, html]: [number, string]) => status === 200 && html.includes('There is no API'),
      )
      expect((await visitor.open(making)).status).to.equal(404)
    } finally {
      await server.close()
    }
  })
})
