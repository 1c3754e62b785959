import { expect } from 'chai'
import { Refusal } from '../../src/base/errors.ts'
import { createRefusals } from '../../src/pages/refusals.ts'
import { pages } from './models.ts'

const refusals = createRefusals(pages)

describe('refusals', () => {
  const locked = new Refusal('too_many_attempts', 'There were too many attempts.', {
    status: 429,
    retryAfterSeconds: 120,
    detail: { ip: '192.0.2.7' },
  })

  it('tell a program code and sentence, never to be stored', () => {
    const answer = refusals.answer(locked, { as: 'json', requestId: 'r1' })
    expect(answer).to.deep.include({ status: 429, type: 'application/json' })
    expect(answer.headers).to.deep.equal({ 'cache-control': 'no-store', 'retry-after': '120' })
    expect(JSON.parse(answer.body)).to.deep.equal({
      error: 'too_many_attempts',
      error_description: 'There were too many attempts.',
    })
  })

  it('tell a person what to do next, with the code and the reference in small print', () => {
    const answer = refusals.answer(locked, { as: 'html', requestId: 'r1', backHref: '/sign-in' })
    expect(answer).to.deep.include({ status: 429, type: 'text/html; charset=utf-8' })
    for (const text of [
      '<title>Error: ',
      'Try again in 2 minutes.',
      '<code>too_many_attempts</code>',
      '<code>r1</code>',
      'href="/sign-in"',
    ]) {
      expect(answer.body).to.contain(text)
    }
  })

  it('tell a person the next step that a refusal has of its own, and a program no more than before', () => {
    const next = { heading: 'Open it again', sentence: 'Go back to it.', way: { href: '/recovery', label: 'Ask for another' } }
    const no = new Refusal('link_expired', 'It is too old.', { status: 410, next })
    const { body } = refusals.answer(no, { as: 'html' })
    for (const text of ['Open it again</h1>', 'Go back to it.', 'href="/recovery">Ask for another<'])
      expect(body).to.contain(text)
    const told = { error: 'link_expired', error_description: 'It is too old.' }
    expect(JSON.parse(refusals.answer(no, { as: 'json' }).body)).to.deep.equal(told)
  })

  for (const as of ['html', 'json'] as const) {
    it(`keep details, causes and foreign errors to the log (${as})`, () => {
      const inside = new Error('SQLITE_BUSY at /srv/signet.db')
      const foreign = [
        inside,
        Object.assign(new Error('x'), { error: inside }),
        { error: 'server_error', error_description: inside.message },
        'SQLITE_BUSY',
        null,
      ]
      for (const no of foreign) {
        const answer = refusals.answer(no, { as })
        expect(answer.status).to.equal(500)
        expect(answer.body)
          .to.contain('server_error')
          .and.not.match(/SQLITE|srv|192\.0\.2/)
      }
      expect(refusals.answer(locked, { as }).body).not.to.contain('192.0.2')
    })
  }

  it('make a sentence of the library’s fragments for a person, and leave names and programs alone', () => {
    for (const [fragment, sentence] of [
      ['client is invalid', 'No app is registered here by this client_id.'],
      ['session is over', 'Session is over.'],
      ["redirect_uri did not match any of the client's registered redirect_uris", undefined],
      ['Already a sentence.', 'Already a sentence.'],
    ]) {
      const no = { error: 'invalid_request', error_description: fragment }
      expect(refusals.answer(no, { as: 'html' }).body).to.contain(`<p>${sentence ?? 'redirect_uri did not match'}`)
      expect(JSON.parse(refusals.answer(no, { as: 'json' }).body).error_description).to.equal(fragment)
    }
  })

  it('know the status of an OAuth error that brings none, and keep the one that it brings', () => {
    const statusOf = (no: { error: string; status?: number }) => refusals.answer(no, { as: 'json' }).status
    expect(statusOf({ error: 'invalid_client' })).to.equal(401)
    expect(statusOf({ error: 'access_denied' })).to.equal(403)
    expect(statusOf({ error: 'temporarily_unavailable' })).to.equal(503)
    expect(statusOf({ error: 'invalid_request' })).to.equal(400)
    expect(statusOf({ error: 'invalid_request', status: 413 })).to.equal(413)
  })

  it('reflect no markup into a page', () => {
    const { body } = refusals.answer(
      { error: '<b>x</b>', error_description: '<img src=x onerror=alert(1)>' },
      { as: 'html', requestId: '"><script>', backHref: 'javascript:alert(1)' },
    )
    expect(body).not.to.match(/<b>|<img src=x|"><script>|javascript:/)
  })

  it('keep to the characters that RFC 6749 s5.2 allows', () => {
    const { body } = refusals.answer({ error: 'invalid_request', error_description: 'no “such”\r\n\\ client: 𝕏' }, { as: 'json' })
    expect(JSON.parse(body).error_description).to.equal("no 'such'??? client: ?")
  })

  it('say not found on a page of its own', () => {
    const { status, body } = refusals.answer(new Refusal('not_found', 'No such page.', { status: 404 }), { as: 'html' })
    expect(status).to.equal(404)
    expect(body).to.contain('There is no such page')
  })
})
