import { expect } from 'chai'
import type { Page } from 'playwright-core'
import { grantTypes } from '../../src/settings/client/kinds.ts'
import { describeWithChromium } from '../support/browser.ts'
import { codeOfDevice, enterCode } from './gallery.ts'
import { setStage } from './stage.ts'
import { ada, fillIn, grace, headed, press } from './steps.ts'

describeWithChromium('a person who lets a device in', () => {
  const stage = setStage()
  const poll = async ({ device_code }: { device_code: string }) => {
    const grant = { grant_type: grantTypes.device_code, client_id: 'living-room' }
    const body = new URLSearchParams({ ...grant, device_code })
    return (await fetch(`${stage.processes.issuer}/token`, { method: 'POST', body })).json() as Promise<Record<string, string>>
  }
  const finish = async (page: Page) => {
    await press(page, 'Allow')
    await headed(page, 'Your device is connected')
  }

  for (const javaScriptEnabled of [true, false]) {
    describe(`with JavaScript ${javaScriptEnabled ? 'on' : 'off'}`, () => {
      const visit = async () => (await stage.visit({ javaScriptEnabled })).page

      it('types the code, says that it is the one, signs in, and allows', async () => {
        const { issuer } = stage.processes
        const page = await visit()
        const device = await codeOfDevice(issuer)
        await enterCode(page, issuer, device.user_code.toLowerCase().replace('-', ' '))
        await page.getByText(device.user_code, { exact: true }).waitFor()
        await press(page, 'Yes, go on')
        await fillIn(page, ada)
        await finish(page)
        expect(await poll(device)).to.include({ token_type: 'Bearer', scope: 'openid notes:read' })
      })

      it('follows the complete address, which waits for them at each step', async () => {
        const { issuer } = stage.processes
        const page = await visit()
        const device = await codeOfDevice(issuer)
        await page.goto(`${issuer}/device?user_code=${device.user_code}`)
        expect(await page.getByLabel('Code').inputValue()).to.equal(device.user_code)
        await press(page, 'Continue')
        await headed(page, 'Is this the code on your device?')
        expect(await poll(device)).to.include({ error: 'authorization_pending' })
        await press(page, 'No, stop')
        await headed(page, 'Your device was not connected')
        expect(await poll(device)).to.include({ error: 'access_denied' })
      })

      it('switches the account on the way', async () => {
        const { issuer } = stage.processes
        const page = await visit()
        const device = await codeOfDevice(issuer)
        await enterCode(page, issuer, device.user_code)
        await press(page, 'Yes, go on')
        await fillIn(page, ada)
        await press(page, 'Switch account')
        await fillIn(page, grace)
        await page.locator('.account', { hasText: grace.email }).waitFor()
        await finish(page)
        expect(await poll(device)).to.include({ token_type: 'Bearer' })
      })
    })
  }
})
