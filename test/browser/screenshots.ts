/** `npm run screenshots`: every page in both schemes, to look at, under `screenshots/`. With `--readme`, the picture of the README instead. */
import { mkdirSync } from 'node:fs'
import path from 'node:path'
import type { Browser } from 'playwright-core'
import { launchChromium, openTab } from '../support/browser.ts'
import { type Processes, startProcesses } from '../support/processes.ts'
import { clientPages, declared, signetPages } from './gallery.ts'
import { writeReadmePicture } from './readme-picture.ts'

const root = path.resolve(import.meta.dirname, '../..')
const narrow = [
  'sign-in',
  'sign-in-stranger',
  'consent',
  'consent-more',
  'consent-stranger',
  'device-confirm',
  'account-keys',
  'account-key-new',
  'client-signed-in',
]

async function takeAll(browser: Browser, processes: Processes, folder: string): Promise<void> {
  const ways = { ...signetPages, ...clientPages }
  for (const [name, way] of Object.entries(ways)) {
    for (const colorScheme of ['light', 'dark'] as const) {
      const { page, close } = await openTab(browser, { colorScheme, viewport: { width: 1024, height: 760 } })
      await way(page, processes)
      const take = async (suffix: string) => {
        const file = path.join(folder, `${name}-${suffix}.png`)
        await page.screenshot({ path: file, fullPage: true })
        console.log(path.relative(root, file))
      }
      await take(colorScheme)
      if (narrow.includes(name)) {
        await page.setViewportSize({ width: 360, height: 740 })
        await take(`${colorScheme}-360`)
      }
      await close()
    }
  }
}

const [processes, browser] = await Promise.all([startProcesses(declared), launchChromium()])
try {
  const folder = path.join(root, process.argv.includes('--readme') ? 'docs/images' : 'screenshots')
  mkdirSync(folder, { recursive: true })
  if (process.argv.includes('--readme')) console.log(path.relative(root, await writeReadmePicture(browser, processes, folder)))
  else await takeAll(browser, processes, folder)
} finally {
  await Promise.all([browser.close(), processes.stop()])
}
