import { expect } from 'chai'
import { describeWithChromium } from '../support/browser.ts'
import { setStage } from './stage.ts'
import { ada, headed, press, signIn, signInAndAllow } from './steps.ts'

describeWithChromium('the cookies that Chromium holds', () => {
  const stage = setStage()

  it('are out of reach of scripts, and not sent with other sites’ forms', async () => {
    const { page } = await stage.visit()
    await signIn(page, stage.processes.client)
    const underWay = await page.context().cookies()
    await press(page, 'Allow')
    await headed(page, `Hello, ${ada.name}`)
    for (const cookie of [...underWay, ...(await page.context().cookies())])
      expect(cookie, cookie.name).to.include({ httpOnly: true, sameSite: 'Lax', domain: 'localhost' })
    expect(await page.evaluate('document.cookie')).to.equal('')
  })

  it('of a sign-in under way are sent to that sign-in alone', async () => {
    const { page } = await stage.visit()
    await signIn(page, stage.processes.client)
    const cookies = await page.context().cookies()
    const paths = (wanted: string) =>
      cookies.filter(({ name }) => name === wanted).map(({ path, value }) => path.replace(value, ':uid'))
    expect(new Set(paths('signet_interaction'))).to.deep.equal(new Set(['/interaction/:uid']))
    expect(paths('signet_resume')).to.deep.equal(['/auth/:uid'])
  })

  it('change their value at sign-in, so that one planted before is worth nothing', async () => {
    const { page } = await stage.visit()
    await signInAndAllow(page, stage.processes.client)
    const session = async () => (await page.context().cookies()).find(({ name }) => name === 'signet_session')?.value
    const first = await session()
    expect(first).to.be.a('string')
    await press(page, 'Sign out')
    await headed(page, 'Sign out?')
    await press(page, 'Sign out')
    await headed(page, 'An app that knows nothing about you yet')
    await signIn(page, stage.processes.client)
    expect(await session())
      .to.be.a('string')
      .and.not.equal(first)
  })
})
