import { expect } from 'chai'
import { describeWithChromium } from '../support/browser.ts'
import { setStage } from './stage.ts'
import { ada, headed, press, says, shownClaims, signInAndAllow } from './steps.ts'

describeWithChromium('a person at the sample client', () => {
  const stage = setStage()

  for (const javaScriptEnabled of [true, false]) {
    it(`signs in, reads, allows more, writes, refreshes and signs out, JavaScript ${javaScriptEnabled ? 'on' : 'off'}`, async () => {
      const { issuer, api, client } = stage.processes
      const { page } = await stage.visit({ javaScriptEnabled })

      await signInAndAllow(page, client)
      await page.locator('.person', { hasText: ada.email }).waitFor()
      const first = await shownClaims(page)
      expect(first).to.include({ iss: issuer, aud: api, client_id: 'sample-client', scope: 'openid profile email notes:read' })

      await press(page, 'Read notes')
      await says(page, `200 GET ${api}/notes`)

      await press(page, 'Write a note')
      await says(page, `403 POST ${api}/notes`)
      await says(page, 'insufficient_scope')
      await press(page, 'Ask for the missing permission')
      await headed(page, 'Sample client asks for more')
      await page
        .getByRole('listitem')
        .filter({ hasText: /Change your notes\s*New/ })
        .waitFor()
      await press(page, 'Allow')
      await headed(page, `Hello, ${ada.name}`)
      const stepped = await shownClaims(page)
      expect(stepped).to.include({ scope: 'openid profile email notes:read notes:write', sub: first.sub })

      await press(page, 'Write a note')
      await says(page, `201 POST ${api}/notes`)

      await press(page, 'Refresh')
      await says(page, 'This is a new access token')
      expect(await shownClaims(page))
        .to.include({ sub: first.sub, scope: stepped.scope, sid: first.sid })
        .and.not.include({ jti: stepped.jti })

      await press(page, 'Sign out')
      await headed(page, 'Sign out?')
      await press(page, 'Sign out')
      await page.getByRole('button', { name: 'Sign in with Signet' }).waitFor()
      expect(page.url()).to.equal(`${client}/`)

      await press(page, 'Sign in with Signet')
      // The session with Signet has ended too: it asks for a password.
      await headed(page, 'Sign in')
    })
  }
})
