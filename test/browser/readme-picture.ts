/** The README's picture: sign-in and consent side by side, of a client that shows all that a client may show of itself. */
import path from 'node:path'
import type { Browser } from 'playwright-core'
import { openTab } from '../support/browser.ts'
import type { Processes } from '../support/processes.ts'
import { signetPages } from './gallery.ts'

const size = { width: 480, height: 900 }
/** Sharp on most screens, and small enough to be loaded with a README. */
const deviceScaleFactor = 1.5

/** @returns the file that was written */
export async function writeReadmePicture(browser: Browser, processes: Processes, folder: string): Promise<string> {
  const file = path.join(folder, 'sign-in-and-consent.png')
  const pictures: string[] = []
  for (const name of ['sign-in-stranger', 'consent-stranger']) {
    const { page, close } = await openTab(browser, { colorScheme: 'light', viewport: size, deviceScaleFactor })
    await signetPages[name]!(page, processes)
    const picture = await page.screenshot()
    pictures.push(`<img width="${size.width}" src="data:image/png;base64,${picture.toString('base64')}">`)
    await close()
  }
  const viewport = { ...size, width: pictures.length * size.width }
  const { page, close } = await openTab(browser, { viewport, deviceScaleFactor })
  await page.setContent(`<body style="margin: 0; display: flex">${pictures.join('')}`)
  await page.screenshot({ path: file })
  await close()
  return file
}
