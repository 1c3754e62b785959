import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect } from 'chai'
import { describeWithChromium } from '../support/browser.ts'
import { setStage } from './stage.ts'

interface Made {
  trouble: string
  html: string
  heard: RegExp
  needsScripts?: true
}

/** A test that hears nothing proves nothing: each kind of trouble, made on purpose. */
const made: Made[] = [
  { trouble: 'an inline script', html: '<script>1</script>', heard: /^policy: script-src-elem/m, needsScripts: true },
  { trouble: 'an inline style', html: '<p style="color: red">x</p>', heard: /ContentSecurityPolicyIssue.*style-src/ },
  { trouble: 'a picture of elsewhere', html: '<img src="https://picture.invalid/" alt="x">', heard: /^csp \(GET https:/m },
  { trouble: 'a missing picture', html: '<img src="/missing" alt="x">', heard: /status of 404/ },
  { trouble: 'an uncaught error', html: '<script src="/throws.js"></script>', heard: /^Error: made/m, needsScripts: true },
]

const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:"

describeWithChromium('a tab of the tests', () => {
  const stage = setStage()
  let server: Server
  let origin: string

  before((done) => {
    server = createServer(({ url = '' }, response) => {
      if (url === '/throws.js') return response.setHeader('content-type', 'text/javascript').end('throw new Error("made")')
      const html = made[Number(url.slice(1))]?.html
      response.writeHead(html ? 200 : 404, { 'content-type': 'text/html', 'content-security-policy': policy })
      response.end(`<!doctype html><html lang="en"><link rel="icon" href="data:,"><title>Trouble</title>${html}`)
    }).listen(0, 'localhost', () => {
      origin = `http://localhost:${(server.address() as AddressInfo).port}`
      done()
    })
  })
  after(() => server.close())

  for (const javaScriptEnabled of [true, false]) {
    for (const [index, { trouble, heard, needsScripts }] of made.entries()) {
      if (needsScripts && !javaScriptEnabled) continue
      it(`hears of ${trouble}, JavaScript ${javaScriptEnabled ? 'on' : 'off'}`, async () => {
        const { page, troubles, close } = await stage.visit({ javaScriptEnabled })
        await page.goto(`${origin}/${index}`)
        // Some trouble is told twice, the second time a little later: after the tab is closed nothing more comes.
        await close()
        expect(troubles.splice(0).join('\n')).to.match(heard)
      })
    }
  }
})
