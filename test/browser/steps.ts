/** What a person does with a page, by what the page says to them. */
import type { Page } from 'playwright-core'
import { demoAccount } from '../../src/demo.ts'
import { lettersOf, letterTo, linkOf } from '../support/inbox.ts'

export const ada = demoAccount
export const grace = { email: 'grace@example.com', name: 'Grace Hopper', password: 'nanoseconds of wire' }

export interface Person {
  email: string
  password: string
}

export const press = (page: Page, name: string) => page.getByRole('button', { name, exact: true }).click()
/** Waits for the page that is headed so. */
export const headed = (page: Page, name: string) => page.getByRole('heading', { level: 1, name, exact: true }).waitFor()
/** Waits for what the sample client says about the last button. */
export const says = (page: Page, text: string) => page.getByRole('status').filter({ hasText: text }).waitFor()

export async function fillIn(page: Page, { email, password }: Person): Promise<void> {
  await page.getByLabel('E-mail address').fill(email)
  await page.getByLabel('Password', { exact: true }).fill(password)
  await press(page, 'Sign in')
}

/** Where it is asked for: not of whoever did so within the last minutes. */
export async function fillInIfAsked(page: Page, person: Person): Promise<void> {
  if (await page.getByLabel('Password', { exact: true }).isVisible()) await fillIn(page, person)
}

/** On a sign-in page. */
export async function askForLink(page: Page, email: string): Promise<void> {
  await page.getByLabel('E-mail address').fill(email)
  await press(page, 'E-mail me a link instead')
  await headed(page, 'Look into your mailbox')
}

/** As above, and what came. */
export async function linkAskedFor(page: Page, at: { issuer: string }, email: string): Promise<string> {
  // Of its kind: a letter about a new browser may be the newest, and the link of before then pass for this one's.
  const before = (await lettersOf(at)).find(({ to, kind }) => to === email && kind === 'sign-in-link')
  await askForLink(page, email)
  return linkOf(await letterTo(at, email, 'sign-in-link', before))
}

/** On the page where an account is asked for. */
export async function askForAccount(page: Page, { email, name, password }: Person & { name: string }): Promise<void> {
  await page.getByLabel('E-mail address').fill(email)
  await page.getByLabel('Name').fill(name)
  await page.getByLabel('Password', { exact: true }).fill(password)
  await press(page, 'Create the account')
}

let asked = 0
/** As above, from the first page on; and what came. */
export async function signUpLink(
  page: Page,
  { issuer }: { issuer: string },
): Promise<{ link: string; email: string; password: string }> {
  const person = { email: `new-here-${++asked}@example.com`, name: 'New Here', password: 'four words of no kin' }
  await page.goto(`${issuer}/sign-up`)
  await askForAccount(page, person)
  await headed(page, 'Look into your mailbox')
  return { ...person, link: linkOf(await letterTo({ issuer }, person.email, 'sign-up')) }
}

/** From the sample client's first page to the consent page. */
export async function signIn(page: Page, client: string, person: Person = ada): Promise<void> {
  await page.goto(client)
  await askToSignIn(page, person)
}

async function askToSignIn(page: Page, person: Person): Promise<void> {
  await press(page, 'Sign in with Signet')
  await fillIn(page, person)
  await headed(page, 'Sample client wants to use your account')
}

/** From the sample client's first page to who signed in, or is already. */
export async function signInAndAllow(page: Page, client: string, person: Person & { name: string } = ada): Promise<void> {
  await page.goto(client)
  if (await page.getByRole('heading', { level: 1, name: `Hello, ${person.name}`, exact: true }).isVisible()) return
  await askToSignIn(page, person)
  await press(page, 'Allow')
  await headed(page, `Hello, ${person.name}`)
}

/** The claims of the access token, as the sample client shows them. */
export async function shownClaims(page: Page): Promise<Record<string, unknown>> {
  return JSON.parse((await page.locator('section[aria-labelledby="token"] pre').nth(1).textContent()) ?? '')
}
