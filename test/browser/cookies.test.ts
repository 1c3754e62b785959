import { expect } from 'chai'
import { describeWithChromium } from '../support/browser.ts'
import { setStage } from './stage.ts'
import { ada, fillIn, headed, press, signIn, signInAndAllow } from './steps.ts'

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
    // What the page itself needs, and nothing that was answered already.
    const uid = new URL(page.url()).pathname
    expect(cookies.filter(({ name }) => name === 'signet_sealed').map(({ path }) => path)).to.deep.equal([uid])
    await press(page, 'Allow')
    await headed(page, `Hello, ${ada.name}`)
    const left = (await page.context().cookies()).map(({ name }) => name).filter((name) => name.startsWith('signet_'))
    expect(left.toSorted(), 'afterwards').to.deep.equal(['signet_device', 'signet_session', 'signet_session.sig'])
  })

  it('of forty sign-ins that were abandoned stand in no other’s way', async () => {
    const { page } = await stage.visit()
    await page.goto(stage.processes.client)
    await press(page, 'Sign in with Signet')
    const { pathname } = new URL(page.url())
    const begun = await page.request.post(`${stage.processes.client}/sign-in`, {
      headers: { 'sec-fetch-site': 'same-origin' },
      maxRedirects: 0,
    })
    const statuses = new Set<number>()
    for (let tab = 0; tab < 40; tab++) statuses.add((await page.request.get(begun.headers().location!)).status())
    expect([...statuses]).to.deep.equal([200])
    expect((await page.context().cookies()).filter(({ name }) => name === 'signet_sealed').length).to.be.greaterThan(35)
    expect(new URL(page.url()).pathname, 'the control: still the first').to.equal(pathname)
    await fillIn(page, ada)
    await headed(page, 'Sample client wants to use your account')
  })

  it('of two tabs lead each to its own end', async () => {
    const { page, troubles } = await stage.visit()
    const other = await page.context().newPage()
    for (const tab of [page, other]) {
      await tab.goto(stage.processes.client)
      await press(tab, 'Sign in with Signet')
    }
    for (const tab of [other, page]) {
      await fillIn(tab, ada)
      await headed(tab, 'Sample client wants to use your account')
    }
    await press(other, 'Allow')
    await headed(other, `Hello, ${ada.name}`)
    await press(page, 'Allow')
    await page.waitForURL(/[?&]code=/)
    // The sample client remembers the sign-in alone that it began last, and says so.
    expect(troubles.splice(0).join('\n')).to.match(/^Failed to load resource: [^\n]* 400 [^\n]*$/)
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
