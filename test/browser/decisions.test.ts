import { expect } from 'chai'
import { describeWithChromium } from '../support/browser.ts'
import { setStage } from './stage.ts'
import { ada, fillIn, grace, headed, press, says, shownClaims, signIn, signInAndAllow } from './steps.ts'

describeWithChromium('what a person decides', () => {
  const stage = setStage()

  for (const javaScriptEnabled of [true, false]) {
    describe(`with JavaScript ${javaScriptEnabled ? 'on' : 'off'}`, () => {
      const visit = async () => (await stage.visit({ javaScriptEnabled })).page

      it('is told kindly that nothing was shared, when they deny, and may try again', async () => {
        const page = await visit()
        await signIn(page, stage.processes.client)
        await press(page, 'Deny')
        await headed(page, 'You did not allow it')
        await page.getByRole('link', { name: 'Back to the start' }).click()
        await page.getByRole('button', { name: 'Sign in with Signet' }).waitFor()
      })

      it('withholds a permission by unticking it, and is asked again when the app asks again', async () => {
        const page = await visit()
        await signIn(page, stage.processes.client)
        await page.getByLabel('Read your notes').uncheck()
        await page.getByLabel('See your e-mail address').uncheck()
        await press(page, 'Allow')
        await headed(page, `Hello, ${ada.name}`)
        expect(await shownClaims(page)).to.include({ scope: 'openid profile' })
        expect(await page.getByText(ada.email).count()).to.equal(0)

        await press(page, 'Read notes')
        await says(page, '403 GET')
        await press(page, 'Ask for the missing permission')
        await page.getByLabel('See your e-mail address').uncheck()
        await press(page, 'Allow')
        await press(page, 'Read notes')
        await says(page, '200 GET')
        expect(await shownClaims(page)).to.include({ scope: 'openid profile notes:read notes:write' })
      })

      it('switches to another account at consent', async () => {
        const page = await visit()
        await signIn(page, stage.processes.client)
        await press(page, 'Switch account')
        await fillIn(page, grace)
        await page.locator('.account', { hasText: grace.email }).waitFor()
        await press(page, 'Allow')
        await headed(page, `Hello, ${grace.name}`)
      })
    })
  }

  it('is told the same when they cancel the sign-in', async () => {
    const { page } = await stage.visit()
    await page.goto(stage.processes.client)
    await press(page, 'Sign in with Signet')
    await press(page, 'Cancel and go back to Sample client')
    await headed(page, 'You did not allow it')
  })

  it('stays signed in with what they had, when they deny a step-up', async () => {
    const { page } = await stage.visit()
    await signInAndAllow(page, stage.processes.client)
    await press(page, 'Write a note')
    await press(page, 'Ask for the missing permission')
    await press(page, 'Deny')
    await headed(page, 'You did not allow it')
    await page.getByRole('link', { name: 'Back to the start' }).click()
    await press(page, 'Read notes')
    await says(page, '200 GET')
  })

  it('stays signed in when they do not sign out after all', async () => {
    const { page } = await stage.visit()
    await signInAndAllow(page, stage.processes.client)
    await page.goto(`${stage.processes.issuer}/session/end?client_id=sample-client`)
    const again = await page.context().newPage()
    await again.goto(`${stage.processes.issuer}/session/end`)
    await press(page, 'Stay signed in')
    await headed(page, 'You are still signed in')
    await page.goto(stage.processes.client)
    await press(page, 'Refresh')
    await page.getByText('This is a new access token').waitFor()
  })
})
