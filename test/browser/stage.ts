/** What the browser's facts share: the three processes, and a Chromium whose every complaint fails the test that caused it. */
import { expect } from 'chai'
import type { Browser, BrowserContextOptions } from 'playwright-core'
import { launchChromium, openTab, type Tab } from '../support/browser.ts'
import { type Processes, startProcesses } from '../support/processes.ts'
import { declared } from './gallery.ts'
import { grace } from './steps.ts'

export interface Stage {
  readonly processes: Processes
  /** A new person at a new browser. Its tab is closed, and judged, after the test. */
  visit(options?: BrowserContextOptions): Promise<Tab>
}

/** Set once per process, by whoever comes first: a second and more for each file would be time spent on nothing. People share no cookies. */
let set: Promise<[Processes, Browser]> | undefined

// A worker of `mocha --parallel` runs several files, and what stands outside of `describe` after the first of them; what it leaves running
// ends when the worker does.
if (process.env.MOCHA_WORKER_ID === undefined)
  after(async () => {
    const [processes, browser] = (await set) ?? []
    await Promise.all([browser?.close(), processes?.stop()])
  })

/** To be called inside `describe`. Every test ends without trouble; one that expects some empties `troubles` itself. */
export function setStage(): Stage {
  let processes: Processes
  let browser: Browser
  const tabs: Tab[] = []

  before(async () => {
    set ??= Promise.all([startWithGrace(), launchChromium()])
    ;[processes, browser] = await set
  })
  afterEach(async () => {
    const used = tabs.splice(0)
    await Promise.all(used.map((tab) => tab.close()))
    expect(used.flatMap(({ troubles }) => troubles)).to.deep.equal([])
  })

  return {
    get processes() {
      return processes
    },
    async visit(options) {
      const tab = await openTab(browser, options)
      tabs.push(tab)
      return tab
    },
  }
}

async function startWithGrace(): Promise<Processes> {
  const processes = await startProcesses(declared)
  await processes.cli(['account', 'add', grace.email, '--name', grace.name], grace.password)
  return processes
}
