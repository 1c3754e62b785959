import { expect } from 'chai'
import { describeWithChromium } from '../support/browser.ts'
import { letterTo, linkOf } from '../support/inbox.ts'
import { startTestServer } from '../support/server.ts'
import { setStage } from './stage.ts'
import { askForAccount, headed, press, signUpLink } from './steps.ts'

describeWithChromium('somebody new', () => {
  const stage = setStage()

  for (const javaScriptEnabled of [true, false])
    it(`signs up on the way to an app, and is in it with one click after the letter, JavaScript ${javaScriptEnabled ? 'on' : 'off'}`, async () => {
      const { page } = await stage.visit({ javaScriptEnabled })
      const { issuer, client } = stage.processes
      const person = { email: `new-${javaScriptEnabled}@example.com`, name: 'New Person', password: 'four words of no kin' }
      await page.goto(client)
      await press(page, 'Sign in with Signet')
      await page.getByRole('link', { name: 'Create an account' }).click()
      await askForAccount(page, person)
      await headed(page, 'Look into your mailbox')
      // As a person finds it: in the inbox of the server.
      await page.goto(`${issuer}/dev/mail`)
      await page.getByRole('link', { name: 'Confirm your e-mail address' }).first().click()
      await page.goto(linkOf(await letterTo({ issuer }, person.email, 'sign-up')))
      expect(page.url(), 'the token has left the address bar').to.not.include('token')
      await press(page, 'Create the account')
      await headed(page, 'Sample client wants to use your account')
      await press(page, 'Allow')
      await headed(page, 'Hello, New Person')
    })

  it('says the password in another browser, and ends at the own account', async () => {
    const [{ page: first }, { page, troubles }] = [await stage.visit(), await stage.visit()]
    const { link, email, password } = await signUpLink(first, stage.processes)
    await page.goto(link)
    await page.getByLabel('Password', { exact: true }).fill('not the one')
    await press(page, 'Create the account')
    await page.getByRole('alert').waitFor()
    expect(troubles.shift()).to.match(/status of 422/)
    await page.getByLabel('Password', { exact: true }).fill(password)
    await press(page, 'Create the account')
    await headed(page, 'Your account')
    expect(await page.getByText(email).count()).to.equal(1)
  })

  it('chooses name and password at the link where the settings say so, in whichever browser', async () => {
    const server = await startTestServer({ settings: { registration: { open: true, password: 'after' } } })
    try {
      const { page: asking } = await stage.visit()
      for (const [email, page] of [
        ['here@example.com', asking],
        ['elsewhere@example.com', (await stage.visit()).page],
      ] as const) {
        await asking.goto(`${server.issuer}/sign-up`)
        await asking.getByLabel('E-mail address').fill(email)
        await press(asking, 'Send the letter')
        await headed(asking, 'Look into your mailbox')
        await page.goto(linkOf(await letterTo(server, email, 'sign-up')))
        await page.getByLabel('Name').fill('New Person')
        await page.getByLabel('Password', { exact: true }).fill('four words of no kin')
        await press(page, 'Create the account')
        await headed(page, 'Your account')
        expect(await page.getByText(email).count()).to.equal(1)
      }
    } finally {
      await server.close()
    }
  })

  it('finds each of these pages whole at 400 %, which is a window of 320 px', async () => {
    const { page } = await stage.visit({ viewport: { width: 320, height: 256 } })
    const { link } = await signUpLink(page, stage.processes)
    const fits = async () =>
      expect(await page.evaluate('document.documentElement.scrollWidth <= innerWidth'), page.url()).to.equal(true)
    await fits()
    await page.goto(link)
    await fits()
    await page.context().clearCookies()
    for (const address of [link, `${stage.processes.issuer}/sign-up`]) {
      await page.goto(address)
      await fits()
    }
  })
})
