import { expect } from 'chai'
import { describeWithChromium } from '../support/browser.ts'
import { letterTo, linkOf } from '../support/inbox.ts'
import { signetPages } from './gallery.ts'
import { setStage } from './stage.ts'
import { fillIn, headed, press } from './steps.ts'

describeWithChromium('an account in a browser', () => {
  const stage = setStage()

  it('whose password is forgotten on the way to an app is back in the app by its letter', async () => {
    const { page } = await stage.visit()
    const { issuer, client, cli } = stage.processes
    const person = { email: 'forgetful@example.com', password: 'difference engine' }
    await cli(['account', 'add', person.email, '--name', 'Forgetful'], person.password)
    await page.goto(client)
    await press(page, 'Sign in with Signet')
    await page.getByRole('link', { name: 'Forgot your password?' }).click()
    await page.getByLabel('E-mail address').fill(person.email)
    await press(page, 'Send the link')
    await headed(page, 'Look into your mailbox')
    await page.goto(linkOf(await letterTo({ issuer }, person.email, 'recovery')))
    await headed(page, 'Choose another password')
    await page.getByLabel('New password').fill('analytical engine no 2')
    await press(page, 'Change the password')
    await page.getByText('Sign in with the new one.').waitFor()
    await fillIn(page, { ...person, password: 'analytical engine no 2' })
    await headed(page, 'Sample client wants to use your account')
    await press(page, 'Allow')
    await headed(page, 'Hello, Forgetful')
  })

  for (const javaScriptEnabled of [true, false])
    it(`whose address was changed is taken back from the old one, JavaScript ${javaScriptEnabled ? 'on' : 'off'}`, async () => {
      const { page } = await stage.visit({ javaScriptEnabled })
      const { issuer } = stage.processes
      const email = (await signetPages['email-undo']!(page, stage.processes)) as string
      await press(page, 'Take it back')
      await headed(page, 'Your account is yours again')
      await page.goto(linkOf(await letterTo({ issuer }, email, 'recovery')))
      await page.getByLabel('New password').fill('analytical engine no 2')
      await press(page, 'Change the password')
      await fillIn(page, { email, password: 'analytical engine no 2' })
      await headed(page, 'Your account')
      expect(await page.getByText(email).count()).to.equal(1)
    })
})
