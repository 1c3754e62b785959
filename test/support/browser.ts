/** Debian's Chromium, and a page of it that forgets nothing that went wrong. */
import { existsSync } from 'node:fs'
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core'

const executablePath = '/usr/bin/chromium'

/** Facts that need a real browser: skipped by name where none is installed, but not where the project is being judged. */
export function describeWithChromium(title: string, facts: (this: Mocha.Suite) => void): void {
  if (existsSync(executablePath)) {
    describe(title, facts)
    return
  }
  const reason = `${executablePath} is not installed (Debian: apt install chromium)`
  describe(title, () => {
    if (!process.env.CI) it.skip(reason)
    else
      it('runs in a real Chromium', () => {
        throw new Error(reason)
      })
  })
}

export function launchChromium(): Promise<Browser> {
  return chromium.launch({
    executablePath,
    args: [
      '--headless',
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  })
}

/** For the page itself: the console tells of most violations, the event of all. */
const sayViolations = `addEventListener('securitypolicyviolation', (violation) => {
  console.error('policy: ' + violation.violatedDirective + ' blocked ' + violation.blockedURI)
})`

export interface Tab {
  page: Page
  /** Console errors and warnings, uncaught errors, violations of a policy, requests that failed: each with where it happened. */
  troubles: string[]
  close(): Promise<void>
}

/** A browser of a person's own: cookies are shared with no other tab. */
export async function openTab(browser: Browser, options: BrowserContextOptions = {}): Promise<Tab> {
  const context = await browser.newContext(options)
  context.setDefaultTimeout(10_000)
  await context.addInitScript({ content: sayViolations })
  const page = await context.newPage()
  const troubles: string[] = []
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) troubles.push(`${message.text()} (${message.location().url})`)
  })
  page.on('pageerror', (error) => troubles.push(`${error.name}: ${error.message} (${page.url()})`))
  page.on('requestfailed', (request) => {
    const { errorText } = request.failure() ?? {}
    // An icon that was still loading when the person went on; what a policy blocks says `csp`.
    if (errorText !== 'net::ERR_ABORTED') troubles.push(`${errorText} (${request.method()} ${request.url()})`)
  })
  // The browser's own findings about a page: with JavaScript off, the only ones.
  const session = await context.newCDPSession(page)
  session.on('Audits.issueAdded', ({ issue: { code, details } }) => {
    if (code !== 'PerformanceIssue') troubles.push(`${code} ${JSON.stringify(details)} (${page.url()})`)
  })
  await session.send('Audits.enable')
  return { page, troubles, close: () => context.close() }
}
