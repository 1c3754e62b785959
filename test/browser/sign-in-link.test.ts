import { expect } from 'chai'
import { describeWithChromium } from '../support/browser.ts'
import { setStage } from './stage.ts'
import { grace, headed, linkAskedFor, press, signIn } from './steps.ts'

describeWithChromium('a person who signs in by a link from a letter', () => {
  const stage = setStage()

  for (const javaScriptEnabled of [true, false]) {
    describe(`with JavaScript ${javaScriptEnabled ? 'on' : 'off'}`, () => {
      async function asked() {
        const { client } = stage.processes
        const { page, troubles } = await stage.visit({ javaScriptEnabled })
        await page.goto(client)
        await press(page, 'Sign in with Signet')
        return { page, troubles, link: await linkAskedFor(page, stage.processes, grace.email) }
      }

      it('goes on to the app, in another tab of the same browser', async () => {
        const { page, link } = await asked()
        const tab = await page.context().newPage()
        await tab.goto(link)
        expect(new URL(tab.url()).search, 'the token is gone').to.equal('')
        await tab.getByText('Sample client').first().waitFor()
        await press(tab, `Sign in as ${grace.name}`)
        await headed(tab, 'Sample client wants to use your account')
        await press(tab, 'Allow')
        await headed(tab, `Hello, ${grace.name}`)
      })

      it('is at the own account in another browser, and the link is over then', async () => {
        const { page, troubles, link } = await asked()
        const { page: other } = await stage.visit({ javaScriptEnabled })
        await other.goto(link)
        await other.getByText('asked for last in this browser').waitFor()
        await press(other, `Sign in as ${grace.name}`)
        await headed(other, 'Your account')
        await page.goto(link)
        await headed(page, 'This link is over')
        await page.getByRole('link', { name: 'Sign in' }).waitFor()
        expect(troubles.shift()).to.match(/status of 410/)
      })
    })
  }

  it('is nobody else’s once a password was given', async () => {
    const { page, troubles } = await stage.visit()
    await page.goto(stage.processes.client)
    await press(page, 'Sign in with Signet')
    const link = await linkAskedFor(page, stage.processes, grace.email)
    const { page: other } = await stage.visit()
    await signIn(other, stage.processes.client, grace)
    await page.goto(link)
    await headed(page, 'This link is over')
    expect(troubles.shift()).to.match(/status of 410/)
  })
})
