import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect } from 'chai'
import type { Page } from 'playwright-core'
import { describeWithChromium } from '../support/browser.ts'
import { request } from './gallery.ts'
import { setStage } from './stage.ts'
import { ada, fillIn, press } from './steps.ts'

/**
 * `form-action` holds along every redirect that answers a form, past the client's callback to wherever the client sends people next. Signet
 * cannot know where that is, so the pages whose forms lead out must not name targets.
 */
describeWithChromium('a client whose callback sends people on to a third origin', () => {
  const stage = setStage()
  let client: { origin: string; server: Server }
  let third: { origin: string; server: Server }

  before(async () => {
    third = await listen((_url, response) => response.end(page('Welcome')))
    client = await listen((url, response) => {
      const { searchParams } = new URL(url, 'http://localhost')
      response.writeHead(303, { location: `${third.origin}/welcome?${searchParams.has('code') ? 'code' : 'error'}` }).end()
    })
    const redirect = ['--redirect-uri', `${client.origin}/callback`]
    await stage.processes.cli(['client', 'add', 'Portal', '--kind', 'spa', '--id', 'portal', ...redirect])
  })
  after(() => [client, third].map(({ server }) => server.close()))

  async function begin(tab: Page): Promise<void> {
    const redirect = { client_id: 'portal', redirect_uri: `${client.origin}/callback`, scope: 'openid' }
    await request(tab, stage.processes.issuer, redirect)
  }
  const welcomed = (tab: Page, by: string) => tab.waitForURL(`${third.origin}/welcome?${by}`)

  for (const javaScriptEnabled of [true, false]) {
    it(`gets its answer from consent, sign-in and cancel, JavaScript ${javaScriptEnabled ? 'on' : 'off'}`, async () => {
      const { page } = await stage.visit({ javaScriptEnabled })
      await begin(page)
      await press(page, 'Cancel and go back to Portal')
      await welcomed(page, 'error')

      await begin(page)
      await fillIn(page, ada)
      await press(page, 'Allow')
      await welcomed(page, 'code')

      await page.goto(`${stage.processes.issuer}/session/end`)
      await press(page, 'Sign out')
      await begin(page)
      await fillIn(page, ada)
      await press(page, 'Deny')
      await welcomed(page, 'error')
    })
  }

  it('would never get it if the page named our own origin and the client’s', async () => {
    const { page, troubles } = await stage.visit()
    await page.route('**/interaction/*', async (route) => {
      const response = await route.fetch({ maxRedirects: 0 })
      const policy = `${response.headers()['content-security-policy']}; form-action 'self' ${client.origin}`
      await route.fulfill({ response, headers: { ...response.headers(), 'content-security-policy': policy } })
    })
    await begin(page)
    // A request that is the answer to another is not ours to change; one that is made anew is.
    await page.reload()
    const refused = page.waitForEvent('console', { predicate: (message) => message.text().startsWith('policy: form-action') })
    await press(page, 'Cancel and go back to Portal')
    await refused
    expect(page.url()).to.match(/\/interaction\//)
    expect(troubles.splice(0).join('\n')).to.contain('form-action')
  })
})

type Answer = Parameters<Parameters<typeof createServer>[1] & object>[1]

async function listen(answer: (url: string, response: Answer) => void): Promise<{ origin: string; server: Server }> {
  const server = createServer((request, response) => answer(request.url ?? '', response.setHeader('content-type', 'text/html')))
  await once(server.listen(0, 'localhost'), 'listening')
  return { origin: `http://localhost:${(server.address() as AddressInfo).port}`, server }
}

const page = (title: string) =>
  `<!doctype html><html lang="en"><link rel="icon" href="data:,"><title>${title}</title><h1>${title}</h1>`
