/** An answer that comes back as a form reaches the client from a real browser, by the page's script or, without any, by its button. */
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { expect } from 'chai'
import { describeWithChromium } from '../support/browser.ts'
import { request } from './gallery.ts'
import { setStage } from './stage.ts'
import { ada, fillIn, press } from './steps.ts'

describeWithChromium('a client that has its answer posted', () => {
  const stage = setStage()
  const received: { fields: URLSearchParams; origin: string | undefined; cookie: string | undefined }[] = []
  let client: Server
  let callback: string

  before(async () => {
    client = createServer(async (incoming, response) => {
      const { origin, cookie } = incoming.headers
      if (incoming.method === 'POST') received.push({ fields: new URLSearchParams(await text(incoming)), origin, cookie })
      const title = received.at(-1)?.fields.get('error') ?? 'Welcome'
      response.setHeader('content-type', 'text/html')
      response.end(`<!doctype html><html lang="en"><link rel="icon" href="data:,"><title>${title}</title><h1>${title}</h1>`)
    })
    await once(client.listen(0, 'localhost'), 'listening')
    callback = `http://localhost:${(client.address() as AddressInfo).port}/callback`
    await stage.processes.cli(['client', 'add', 'Poster', '--kind', 'spa', '--id', 'poster', '--redirect-uri', callback])
  })
  beforeEach(() => received.splice(0))
  after(() => client.close())

  for (const javaScriptEnabled of [true, false]) {
    it(`gets it after consent, and a refusal too, JavaScript ${javaScriptEnabled ? 'on' : 'off'}`, async () => {
      const { page, troubles } = await stage.visit({ javaScriptEnabled })
      const asked = { client_id: 'poster', redirect_uri: callback, scope: 'openid', response_mode: 'form_post' }
      const arrives = async (title: string) => {
        if (!javaScriptEnabled) await press(page, 'Continue')
        await page.getByRole('heading', { level: 1, name: title, exact: true }).waitFor()
      }
      await request(page, stage.processes.issuer, asked)
      await fillIn(page, ada)
      await press(page, 'Deny')
      await arrives('access_denied')
      // The page of a refusal has the status of one, which the browser remarks on.
      expect(troubles.splice(0).join('\n')).to.match(/^(Failed to load resource: [^\n]* 400 [^\n]*)?$/)
      // Whoever refused was not signed in.
      await request(page, stage.processes.issuer, asked)
      await fillIn(page, ada)
      await press(page, 'Allow')
      await arrives('Welcome')
      expect(received).to.have.length(2)
      const [refusal, answer] = received as [(typeof received)[0], (typeof received)[0]]
      expect([...refusal.fields.keys()]).to.include.members(['error', 'iss'])
      expect([...answer.fields.keys()]).to.include.members(['code', 'iss'])
      expect(page.url()).to.equal(callback)
    })
  }
})
