import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { expect } from 'chai'
import type { BrowserContext, Page } from 'playwright-core'
import { describeWithChromium } from '../support/browser.ts'
import { clientPages, requestOfStranger, signetPages } from './gallery.ts'
import { setStage } from './stage.ts'
import { ada, fillIn, headed, press } from './steps.ts'

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

/** @param rules what axe runs; nothing said is all of it */
async function findings(page: Page, rules?: object): Promise<string[]> {
  if (await page.evaluate('typeof axe === "undefined"')) await page.evaluate(axe)
  const run = `axe.run(${JSON.stringify({ runOnly: rules, resultTypes: ['violations'] })})`
  const { violations } = (await page.evaluate(run)) as { violations: { id: string; nodes: { html: string }[] }[] }
  return violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html}`))
}

/** What darkness can change. */
const colours = { type: 'rule', values: ['color-contrast', 'link-in-text-block'] }

const scrollsSideways = (page: Page) => page.evaluate('document.documentElement.scrollWidth > innerWidth')

/** These answer 4xx, and Chromium says so. */
const refused = [
  'sign-in-error',
  'device-wrong-code',
  'recovery-error',
  'sign-up-error',
  'sign-up-over',
  'recovery-used',
  'link-not-ours',
  'error',
  'not-found',
]
/**
 * Whoever was on one of these pages goes to the next as the same person: signing in is looked at by itself. None of them signs anybody out, or changes
 * who they are.
 */
const together: readonly string[][] = [
  ['sign-in-other', 'select-account', 'consent-more', 'still-signed-in', 'client-signed-in', 'client-forbidden'],
  [
    'account',
    ...['name', 'email', 'email-sent', 'password', 'delete', 'keys', 'key-new', 'key-made', 'key-end'].map(
      (name) => `account-${name}`,
    ),
  ],
]
/** A colour on its way to another has the contrast of neither. */
const still = { reducedMotion: 'reduce' } as const

describeWithChromium('how a page looks', () => {
  const stage = setStage()
  const cookies = new Map<readonly string[] | undefined, Awaited<ReturnType<BrowserContext['storageState']>>>()

  for (const [name, way] of Object.entries({ ...signetPages, ...clientPages })) {
    it(`leaves axe nothing to find, light or dark, and fits 360 px: ${name}`, async () => {
      const person = together.find((pages) => pages.includes(name))
      const { page, troubles } = await stage.visit({ ...still, storageState: person && cookies.get(person) })
      await way(page, stage.processes)
      if (person) cookies.set(person, await page.context().storageState())
      await page.emulateMedia({ colorScheme: 'light' })
      expect(await findings(page), 'light').to.deep.equal([])
      await page.emulateMedia({ colorScheme: 'dark' })
      expect(await findings(page, colours), 'dark').to.deep.equal([])
      await page.setViewportSize({ width: 360, height: 740 })
      expect(await scrollsSideways(page)).to.equal(false)
      if (refused.includes(name)) expect(troubles.shift()).to.match(/status of 4\d\d/)
    })
  }

  it('is judged at all: a missing label, a faint text and a wide word are found', async () => {
    const { page } = await stage.visit({ ...still, viewport: { width: 360, height: 740 } })
    await signetPages['sign-in']!(page, stage.processes)
    await page.evaluate(`document.querySelector('label').remove()
      document.querySelector('h1').style.color = '#ddd'
      document.querySelector('h1').style.width = '400px'`)
    const rulesOf = (found: string[]) => found.map((finding) => finding.split(':')[0])
    expect(rulesOf(await findings(page))).to.include.members(['label', 'color-contrast'])
    expect(rulesOf(await findings(page, colours))).to.deep.equal(['color-contrast'])
    expect(await scrollsSideways(page)).to.equal(true)
  })

  for (const javaScriptEnabled of [true, false]) {
    it(`shows an app’s letter where its logo does not load, JavaScript ${javaScriptEnabled ? 'on' : 'off'}`, async () => {
      const { page, troubles } = await stage.visit({ javaScriptEnabled })
      await requestOfStranger(page, stage.processes.issuer)
      expect(troubles.splice(0).join()).to.contain('ERR_FAILED')
      const mark = page.locator('.mark')
      const shown = await mark.screenshot()
      await mark.locator('img').evaluate((image) => image.remove())
      expect(shown.equals(await mark.screenshot()), 'as if there were no logo').to.equal(true)
    })
  }

  it('lets the password be read before it is sent, and sends it as a password', async () => {
    const { page } = await stage.visit()
    await signetPages['sign-in']!(page, stage.processes)
    const password = page.locator('#password')
    await press(page, 'Show password')
    expect(await password.getAttribute('type')).to.equal('text')
    await press(page, 'Hide password')
    expect(await password.getAttribute('type')).to.equal('password')
    await press(page, 'Show password')
    await fillIn(page, ada)
    await headed(page, 'Sample client wants to use your account')
  })
})
