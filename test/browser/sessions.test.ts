import { expect } from 'chai'
import type { Page } from 'playwright-core'
import { describeWithChromium } from '../support/browser.ts'
import { setStage } from './stage.ts'
import { ada, fillIn, grace, headed, press, signInAndAllow } from './steps.ts'

describeWithChromium('a session with Signet', () => {
  const stage = setStage()

  /** Leaves the sample client alone: Signet is not told. */
  async function forgetAtClient(page: Page): Promise<void> {
    await page.context().clearCookies({ name: 'sample_client_session' })
    await page.goto(stage.processes.client)
  }

  /** As an app does that wants a password at every sign-in: the sample client's own request, with `prompt=login`. */
  async function signInByPromptLogin(page: Page): Promise<void> {
    const begun = await page.request.post(`${stage.processes.client}/sign-in`, {
      headers: { 'sec-fetch-site': 'same-origin' },
      maxRedirects: 0,
    })
    await page.goto(`${begun.headers().location}&prompt=login`)
  }

  for (const javaScriptEnabled of [true, false]) {
    describe(`with JavaScript ${javaScriptEnabled ? 'on' : 'off'}`, () => {
      const visit = async () => (await stage.visit({ javaScriptEnabled })).page

      it('signs a person in again without a page in between', async () => {
        const page = await visit()
        await signInAndAllow(page, stage.processes.client)
        await forgetAtClient(page)
        await press(page, 'Sign in with Signet')
        await headed(page, `Hello, ${ada.name}`)
      })

      it('asks for the password again when the app asks for that', async () => {
        const page = await visit()
        await signInAndAllow(page, stage.processes.client)
        await forgetAtClient(page)
        await signInByPromptLogin(page)
        await headed(page, 'Sign in')
        await page.getByText(`You are signed in as ${ada.email}`).waitFor()
        await fillIn(page, ada)
        await headed(page, `Hello, ${ada.name}`)
      })

      it('becomes another person’s when another signs in', async () => {
        const page = await visit()
        await signInAndAllow(page, stage.processes.client)
        await forgetAtClient(page)
        await signInByPromptLogin(page)
        await fillIn(page, grace)
        // The library ends the one session with a form of its own, which sends itself where scripts run.
        if (!javaScriptEnabled) await press(page, 'Continue')
        await page.locator('.account', { hasText: grace.email }).waitFor()
        await press(page, 'Allow')
        await headed(page, `Hello, ${grace.name}`)
      })
    })
  }

  it('is not begun by a wrong password, whose 422 is all that the console says', async () => {
    const { page, troubles } = await stage.visit()
    await page.goto(stage.processes.client)
    await press(page, 'Sign in with Signet')
    await fillIn(page, { ...ada, password: 'a wrong one' })
    await page.getByRole('alert').filter({ hasText: 'The e-mail address or the password is wrong.' }).waitFor()
    expect(await page.getByLabel('E-mail address').inputValue()).to.equal(ada.email)
    expect(await page.getByLabel('Password', { exact: true }).inputValue()).to.equal('')
    expect(troubles).to.have.length(1)
    expect(troubles.pop()).to.contain('422')
    await fillIn(page, ada)
    await headed(page, 'Sample client wants to use your account')
  })
})
