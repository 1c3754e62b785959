/** Every page that people see, and the way there from a new browser. For the screenshots, and for the facts that hold on each page. */
import type { Page } from 'playwright-core'
import { letterTo, linkOf } from '../support/inbox.ts'
import type { Declare, Processes } from '../support/processes.ts'
import {
  ada,
  askForAccount,
  askForLink,
  fillIn,
  fillInIfAsked,
  headed,
  linkAskedFor,
  type Person,
  press,
  says,
  signIn,
  signInAndAllow,
  signUpLink,
} from './steps.ts'

/** A client that nobody vouches for, with all that a client may show of itself. */
export const stranger = { name: 'Inkwell', origin: 'https://inkwell.example', logo: 'https://inkwell.example/logo.svg' }
const clients = (api: string): object[] => [
  {
    id: 'inkwell',
    name: stranger.name,
    kind: 'spa',
    redirectUris: [`${stranger.origin}/callback`],
    apis: { [api]: ['notes:read', 'notes:write'] },
    verified: false,
    authorizationDetailsTypes: ['payment'],
    logo: stranger.logo,
    policyUri: `${stranger.origin}/privacy`,
    tosUri: `${stranger.origin}/terms`,
  },
  {
    id: 'living-room',
    name: 'Notes on TV',
    kind: 'device',
    apis: { [api]: ['notes:read'] },
    verified: false,
  },
]
const authorizationDetails = (api: string): object => ({
  payment: {
    description: 'Pay from your account',
    api,
    fields: { amount: { label: 'Amount' }, to: { label: 'To', type: 'strings' } },
  },
})
export const declared: Declare = (api) => ({ clients: clients(api), authorizationDetails: authorizationDetails(api) })

const logo = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 64 64" width="64" height="64"><path d="M32 8c9 13 16 21 16 31a16 16 0 0 1-32 0C16 29 23 21 32 8z" fill="#5b3fd6"/></svg>`

type Way = (page: Page, at: Processes) => Promise<unknown>

const signInPage: Way = async (page, { client }) => {
  await page.goto(client)
  await press(page, 'Sign in with Signet')
  await headed(page, 'Sign in')
}
/** An authorization request of an app that is not there: what it would be sent is of no interest. */
export async function request(page: Page, issuer: string, parameters: Record<string, string>): Promise<void> {
  const pkce = { response_type: 'code', code_challenge: 'c'.repeat(43), code_challenge_method: 'S256' }
  await page.goto(`${issuer}/auth?${new URLSearchParams({ ...pkce, ...parameters })}`)
}

/** @param picture what its logo's address answers; a failure unless said */
export async function requestOfStranger(page: Page, issuer: string, picture?: string, details?: object[]): Promise<void> {
  await page.route(stranger.logo, (route) =>
    picture === undefined ? route.abort() : route.fulfill({ contentType: 'image/svg+xml', body: picture }),
  )
  const scope = 'openid email notes:read notes:write'
  const asked = { client_id: 'inkwell', redirect_uri: `${stranger.origin}/callback`, scope }
  await request(page, issuer, details ? { ...asked, authorization_details: JSON.stringify(details) } : asked)
}

const logout: Way = async (page, { client }) => {
  await signInAndAllow(page, client)
  await press(page, 'Sign out')
  await headed(page, 'Sign out?')
}

/** What a television shows. */
export async function codeOfDevice(issuer: string): Promise<{ user_code: string; device_code: string }> {
  const body = new URLSearchParams({ client_id: 'living-room', scope: 'openid notes:read' })
  const headers = { 'user-agent': 'NotesTV/2.1 (Linux; webOS 24)' }
  return (await fetch(`${issuer}/device/auth`, { method: 'POST', body, headers })).json() as never
}

export async function enterCode(page: Page, issuer: string, code: string): Promise<void> {
  await page.goto(`${issuer}/device`)
  await page.getByLabel('Code').fill(code)
  await press(page, 'Continue')
}

const confirmation: Way = async (page, { issuer }) => {
  await enterCode(page, issuer, (await codeOfDevice(issuer)).user_code)
  await headed(page, 'Is this the code on your device?')
}

const consentOnDevice: Way = async (page, at) => {
  await confirmation(page, at)
  await press(page, 'Yes, go on')
  await fillIn(page, ada)
  await headed(page, 'Notes on TV wants to use your account')
}

async function askForLetter(page: Page, { issuer }: Processes, email: string): Promise<void> {
  await page.goto(`${issuer}/recovery`)
  await page.getByLabel('E-mail address').fill(email)
  await page.locator('form').evaluate((form) => form.setAttribute('novalidate', ''))
  await press(page, 'Send the link')
}

const accountPage =
  (path: string, heading: string): Way =>
  async (page, { issuer }) => {
    await page.goto(`${issuer}/account${path}`)
    await fillInIfAsked(page, ada)
    await headed(page, heading)
  }

/** People of their own, since what they do changes who they are. */
let changing = 0
export async function newPerson({ cli }: Processes): Promise<Person> {
  const person = { email: `change${++changing}@example.com`, password: 'difference engine' }
  await cli(['account', 'add', person.email], person.password)
  return person
}

let keysMade = 0
async function newKeyPage(page: Page, { issuer }: Processes, person: Person): Promise<void> {
  await page.goto(`${issuer}/account/keys/new`)
  await fillInIfAsked(page, person)
  await headed(page, 'Make an API key')
}

/** Up to where it is shown. */
export async function keyMade(page: Page, at: Processes, person: Person = ada): Promise<void> {
  await newKeyPage(page, at, person)
  await page.getByLabel('Name').fill(`Backup script ${++keysMade}`)
  await page.getByLabel('Read your notes').check()
  await press(page, 'Make the key')
  await headed(page, 'Your new API key')
}

async function keysOfAda(page: Page, at: Processes): Promise<void> {
  await keyMade(page, at)
  await page.getByRole('link', { name: 'I have copied it' }).click()
  await headed(page, 'Your API keys')
}

/** @returns the address that is left */
async function emailChangePage(page: Page, at: Processes): Promise<string> {
  const person = await newPerson(at)
  const to = `new-${person.email}`
  await page.goto(`${at.issuer}/account/email`)
  await fillIn(page, person)
  await page.getByLabel('New e-mail address').fill(to)
  await press(page, 'Send the link')
  await page.goto(linkOf(await letterTo(at, to, 'email-change')))
  await headed(page, 'Change your e-mail address?')
  return person.email
}

async function emailUndoPage(page: Page, at: Processes): Promise<string> {
  const email = await emailChangePage(page, at)
  await press(page, 'Change the address')
  await headed(page, 'Your account')
  await page.goto(linkOf(await letterTo(at, email, 'email-changed')))
  await headed(page, 'Take your account back?')
  return email
}

async function linkForAda(page: Page, at: Processes): Promise<string> {
  await signInPage(page, at)
  return linkAskedFor(page, at, ada.email)
}

/** By file name. */
export const signetPages: Record<string, Way> = {
  'sign-in-link-sent': async (page, at) => {
    await signInPage(page, at)
    await askForLink(page, ada.email)
  },
  'sign-in-by-link': async (page, at) => page.goto(await linkForAda(page, at)),
  'sign-in-by-link-elsewhere': async (page, at) => {
    const link = await linkForAda(page, at)
    await page.context().clearCookies()
    await page.goto(link)
  },
  letters: async (page, at) => {
    await signInPage(page, at)
    await askForLink(page, ada.email)
    await page.goto(`${at.issuer}/dev/mail`)
  },
  letter: async (page, at) => {
    await signetPages.letters!(page, at)
    await page.getByRole('listitem').first().getByRole('link').click()
    await page.frameLocator('iframe').getByRole('heading').waitFor()
  },
  'link-not-ours': (page, { issuer }) => page.goto(`${issuer}/link/sign-in?token=x`),
  home: (page, { issuer }) => page.goto(issuer),
  'sign-in': signInPage,
  'sign-in-error': async (page, at) => {
    await signInPage(page, at)
    await fillIn(page, { ...ada, password: 'a wrong one' })
    await page.getByRole('alert').waitFor()
  },
  'sign-in-other': async (page, { issuer, client }) => {
    await signInAndAllow(page, client)
    await request(page, issuer, {
      client_id: 'sample-client',
      redirect_uri: `${client}/callback`,
      scope: 'openid',
      prompt: 'login',
    })
  },
  'select-account': async (page, { issuer, client }) => {
    await signInAndAllow(page, client)
    await request(page, issuer, {
      client_id: 'sample-client',
      redirect_uri: `${client}/callback`,
      scope: 'openid',
      prompt: 'select_account',
    })
    await headed(page, 'Choose an account')
  },
  consent: (page, { client }) => signIn(page, client),
  'sign-in-stranger': (page, { issuer }) => requestOfStranger(page, issuer, logo),
  'consent-stranger': async (page, { issuer }) => {
    await requestOfStranger(page, issuer, logo)
    await fillIn(page, ada)
    await headed(page, 'Inkwell wants to use your account')
  },
  'consent-details': async (page, { issuer }) => {
    const to = [
      'Ada, Bob',
      'Eve',
      'A name that goes on for longer than a small screen is wide '.repeat(2).trim(),
      'x'.repeat(200),
    ]
    await requestOfStranger(page, issuer, logo, [
      { type: 'payment', amount: '12.50 EUR', to },
      { type: 'payment', to: ['y'.repeat(200)] },
    ])
    await fillIn(page, ada)
    await headed(page, 'Inkwell wants to use your account')
    await page.getByText('12.50 EUR').waitFor()
  },
  'consent-more': async (page, { client }) => {
    await signInAndAllow(page, client)
    await press(page, 'Write a note')
    await press(page, 'Ask for the missing permission')
    await headed(page, 'Sample client asks for more')
  },
  device: (page, { issuer }) => page.goto(`${issuer}/device`),
  'device-filled-in': async (page, { issuer }) =>
    page.goto(`${issuer}/device?user_code=${(await codeOfDevice(issuer)).user_code}`),
  'device-wrong-code': async (page, { issuer }) => {
    await enterCode(page, issuer, 'BBBB-BBBB')
    await page.getByRole('alert').waitFor()
  },
  'device-confirm': confirmation,
  'device-consent': consentOnDevice,
  'device-done': async (page, at) => {
    await consentOnDevice(page, at)
    await press(page, 'Allow')
    await headed(page, 'Your device is connected')
  },
  'device-refused': async (page, at) => {
    await confirmation(page, at)
    await press(page, 'No, stop')
    await headed(page, 'Your device was not connected')
  },
  logout,
  'signed-out': async (page, { issuer, client }) => {
    await signInAndAllow(page, client)
    await page.goto(`${issuer}/session/end`)
    await press(page, 'Sign out')
    await headed(page, 'You are signed out')
  },
  'still-signed-in': async (page, { issuer, client }) => {
    await signInAndAllow(page, client)
    await page.goto(`${issuer}/session/end`)
    await press(page, 'Stay signed in')
    await headed(page, 'You are still signed in')
  },
  'sign-up': (page, { issuer }) => page.goto(`${issuer}/sign-up`),
  'sign-up-error': async (page, { issuer }) => {
    await page.goto(`${issuer}/sign-up`)
    await askForAccount(page, { email: 'new@example.com', name: 'New', password: 'password' })
    await page.getByRole('alert').waitFor()
  },
  'sign-up-sent': signUpLink,
  'sign-up-confirm': async (page, at) => page.goto((await signUpLink(page, at)).link),
  'sign-up-elsewhere': async (page, at) => {
    const { link } = await signUpLink(page, at)
    await page.context().clearCookies()
    await page.goto(link)
  },
  'sign-up-over': async (page, at) => {
    const { link } = await signUpLink(page, at)
    await page.goto(link)
    await press(page, 'Create the account')
    await headed(page, 'Your account')
    await page.goto(link)
  },
  recovery: (page, { issuer }) => page.goto(`${issuer}/recovery`),
  'recovery-error': async (page, at) => {
    await askForLetter(page, at, 'ada@')
    await page.getByRole('alert').waitFor()
  },
  'recovery-sent': (page, at) => askForLetter(page, at, 'nobody@example.com'),
  'recovery-password': async (page, at) => {
    // With the box that ends keys.
    await keyMade(page, at)
    await page.context().clearCookies()
    await askForLetter(page, at, ada.email)
    await page.goto(linkOf(await letterTo(at, ada.email, 'recovery')))
    await headed(page, 'Choose another password')
  },
  'recovery-used': async (page, { issuer }) => page.goto(`${issuer}/link/recovery?token=x`),
  account: accountPage('', 'Your account'),
  'account-email': accountPage('/email', 'Change your e-mail address'),
  'account-email-sent': async (page, at) => {
    await accountPage('/email', 'Change your e-mail address')(page, at)
    await page.getByLabel('New e-mail address').fill('nobody@example.com')
    await press(page, 'Send the link')
    await headed(page, 'Look into your mailbox')
  },
  'email-change': emailChangePage,
  'email-undo': emailUndoPage,
  'email-undone': async (page, at) => {
    await emailUndoPage(page, at)
    await press(page, 'Take it back')
    await headed(page, 'Your account is yours again')
  },
  'account-delete': accountPage('/delete', 'Delete this account?'),
  'account-deleted': async (page, at) => {
    const person = await newPerson(at)
    await page.goto(`${at.issuer}/account/delete`)
    await fillIn(page, person)
    await page.getByLabel('I know that nothing brings it back').check()
    await press(page, 'Delete the account')
    await headed(page, 'The account is deleted')
  },
  'account-name': accountPage('/name', 'Change your name'),
  'account-password': accountPage('/password', 'Change your password'),
  'account-keys': keysOfAda,
  'account-key-new': (page, at) => newKeyPage(page, at, ada),
  'account-key-made': (page, at) => keyMade(page, at),
  'account-key-end': async (page, at) => {
    await keysOfAda(page, at)
    await page.getByRole('link', { name: 'End the key' }).first().click()
    await headed(page, 'End this API key?')
  },
  error: (page, { issuer }) => page.goto(`${issuer}/auth?client_id=nobody&response_type=code`),
  'not-found': (page, { issuer }) => page.goto(`${issuer}/nothing/here`),
}

export const clientPages: Record<string, Way> = {
  'client-signed-out': (page, { client }) => page.goto(client),
  'client-signed-in': (page, { client }) => signInAndAllow(page, client),
  'client-forbidden': async (page, { client }) => {
    await signInAndAllow(page, client)
    await press(page, 'Write a note')
    await says(page, '403')
  },
  'client-denied': async (page, { client }) => {
    await signIn(page, client)
    await press(page, 'Deny')
    await headed(page, 'You did not allow it')
  },
}
