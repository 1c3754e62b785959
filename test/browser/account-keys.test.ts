import { expect } from 'chai'
import type { Page } from 'playwright-core'
import { good, pages } from '../pages/models.ts'
import { describeWithChromium } from '../support/browser.ts'
import { until } from '../support/until.ts'
import { keyMade, newPerson } from './gallery.ts'
import { setStage } from './stage.ts'
import { headed, press } from './steps.ts'

describeWithChromium('API keys in a browser', () => {
  const stage = setStage()
  const link = (page: Page, name: string) => page.getByRole('link', { name, exact: true })

  it('are made until a day that is named, open the sample API, and are ended, without JavaScript', async () => {
    const { page } = await stage.visit({ javaScriptEnabled: false })
    const person = await newPerson(stage.processes)
    await keyMade(page, stage.processes, person)
    await link(page, 'I have copied it').click()
    await link(page, 'Make a key').click()
    await page.getByLabel('Name').fill('Phone')
    await page.getByLabel('Change your notes').check()
    const day = page.getByLabel('Last day, in UTC')
    expect(await day.isVisible(), 'before it is chosen').to.equal(false)
    await page.getByLabel('until the end of a day').check()
    await day.fill((await day.getAttribute('max')) as string)
    await press(page, 'Make the key')
    await headed(page, 'Your new API key')
    const key = await page.getByLabel('The key').inputValue()
    const written = async () => {
      const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' }
      const answer = await fetch(`${stage.processes.api}/notes`, { method: 'POST', headers, body: '{"text":"by key"}' })
      return answer.status
    }
    expect(await written()).to.equal(201)
    await link(page, 'I have copied it').click()
    expect(await page.getByRole('listitem').count()).to.equal(2)
    await link(page, 'End the key Phone').click()
    await headed(page, 'End this API key?')
    await press(page, 'End the key')
    await page.getByText('The key is ended.').waitFor()
    expect(await page.getByRole('listitem').allInnerTexts()).to.have.length(1)
    await until('the API to refuse it', async () => (await written()) === 401)
  })

  it('are made for some days also where a day was named before that cannot be', async () => {
    const { page } = await stage.visit()
    const person = await newPerson(stage.processes)
    await keyMade(page, stage.processes, person)
    await link(page, 'I have copied it').click()
    await link(page, 'Make a key').click()
    await page.getByLabel('Name').fill('Phone')
    await page.getByLabel('Read your notes').check()
    await page.getByLabel('until the end of a day').check()
    await page.getByLabel('Last day, in UTC').fill('2020-01-01')
    await page.getByLabel('7 days').check()
    await press(page, 'Make the key')
    await headed(page, 'Your new API key')
    const shown = page.getByLabel('The key')
    const isWhole = await shown.evaluate((field: unknown) => {
      const { scrollHeight, clientHeight } = field as { scrollHeight: number; clientHeight: number }
      return scrollHeight <= clientHeight
    })
    expect(isWhole, 'the key is seen to its end').to.equal(true)
  })

  it('are copied by a button', async () => {
    const { page } = await stage.visit({ permissions: ['clipboard-read', 'clipboard-write'] })
    await keyMade(page, stage.processes)
    await press(page, 'Copy')
    await page.getByRole('button', { name: 'Copied' }).waitFor()
    expect(await page.evaluate('navigator.clipboard.readText()')).to.equal(await page.getByLabel('The key').inputValue())
  })

  it('show what they can do at the API that is chosen, and at no other', async () => {
    const { page } = await stage.visit({ javaScriptEnabled: false })
    const html = pages.render('accountKeyNew', good.accountKeyNew)
    await page.route('**/account/keys/new', (route) => route.fulfill({ contentType: 'text/html', body: html }))
    await page.goto(`${stage.processes.issuer}/account/keys/new`)
    const boxes = () => page.getByRole('checkbox').evaluateAll((all) => all.map((one) => (one as unknown as { id: string }).id))
    expect(await boxes()).to.deep.equal(['scope-0-0', 'scope-0-1'])
    await page.getByLabel('Mail API').check()
    expect(await boxes()).to.deep.equal(['scope-1-0'])
  })
})
