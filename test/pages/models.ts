import { fileURLToPath } from 'node:url'
import type { PageModels } from '../../src/pages/pages.ts'
import { createPages } from '../../src/pages/render.ts'
import type { Theme } from '../../src/pages/theme.ts'

export const viewsFolder = fileURLToPath(new URL('../../views', import.meta.url))
export const theme: Theme = { title: 'Signet', accent: 'oklch(52% 0.17 262)', radius: '10px' }
export const pages = createPages({ viewsFolder, theme, shortestPassword: 8 })

/** One ordinary model of each page, with every optional member. */
export const good: PageModels = {
  signIn: {
    action: '/interaction/u1/sign-in',
    csrf: 'c5rf',
    client: { name: 'Notes', logo: 'https://notes.example/logo.png', verified: false },
    loginHint: 'ada@example.com',
    email: 'ada@example.com',
    error: { code: 'invalid_credentials', sentence: 'This e-mail address and password do not match.' },
    linkAction: '/interaction/u1/link',
    abortAction: '/interaction/u1/abort',
    switchFrom: 'bob@example.com',
    recoveryHref: '/recovery?for=u1',
    signUpHref: '/sign-up?for=u1',
    done: 'Your password is changed.',
  },
  signInLinkSent: { email: 'ada@example.com', minutes: 30, backHref: '/interaction/u1' },
  signInByLink: {
    action: '/link/sign-in/0123456789abcdef',
    csrf: 'c5rf',
    account: { name: 'Ada Lovelace', email: 'ada@example.com' },
    client: { name: 'Notes', logo: 'https://notes.example/logo.png', verified: false },
    leaves: 'bob@example.com',
  },
  signUp: {
    action: '/sign-up',
    csrf: 'c5rf',
    interaction: 'u1',
    backHref: '/interaction/u1',
    asksFor: 'all',
    termsUri: 'https://example.com/terms',
    policyUri: 'https://example.com/privacy',
    email: 'ada',
    name: 'Ada Lovelace',
    error: { code: 'invalid_email', sentence: 'This is not an e-mail address.' },
  },
  signUpSent: {
    action: '/sign-up/again',
    csrf: 'c5rf',
    email: 'ada@example.com',
    hours: 24,
    oneClick: true,
    backHref: '/interaction/u1',
    changeHref: '/sign-up',
    error: { code: 'too_many_letters', sentence: 'Too many letters were asked for.' },
  },
  signUpConfirm: {
    action: '/link/sign-up/0123456789abcdef',
    csrf: 'c5rf',
    email: 'ada@example.com',
    name: 'Ada Lovelace',
    asksFor: 'person',
    anewHref: '/sign-up',
    leaves: 'bob@example.com',
    error: { code: 'weak_password', sentence: 'A password has at least 8 characters.' },
  },
  consent: {
    action: '/interaction/u1/consent',
    csrf: 'c5rf',
    shown: '5h0wn',
    changed: true,
    client: {
      name: 'Notes',
      logo: 'https://notes.example/logo.png',
      verified: false,
      policyUri: 'https://notes.example/privacy',
      tosUri: 'http://localhost:3000/terms',
    },
    account: { name: 'Ada Lovelace', email: 'ada@example.com' },
    switchAction: '/interaction/u1/switch',
    permissions: [
      { name: 'openid', value: 'openid', sentence: 'Know who you are', isNew: false, required: false },
      { name: 'email', value: 'email', sentence: 'See your e-mail address', isNew: false, required: true },
      { name: 'notes:read', value: 'notes:read', api: 'Notes API', sentence: 'Read your notes', isNew: false, required: false },
      { name: 'notes:write', value: 'notes:write', api: 'Notes API', sentence: 'Write notes', isNew: true, required: false },
      {
        name: 'note_payment',
        value: '',
        api: 'Notes API',
        sentence: 'Pay for notes',
        isNew: false,
        required: true,
        fields: [
          { label: 'Amount', values: ['12.50'] },
          { label: 'To', values: ['Ada', 'Bob'] },
        ],
      },
    ],
    redirectHost: 'notes.example',
    loopback: true,
    withdrawHref: '/account/apps',
  },
  device: {
    action: '/device',
    xsrf: 'x5rf',
    userCode: 'BCDF-GHJK',
    error: { code: 'NotFoundError', sentence: 'There is no such code.' },
  },
  deviceConfirm: {
    action: '/device',
    xsrf: 'x5rf',
    userCode: 'BCDF-GHJK',
    client: { name: 'Notes', logo: 'https://notes.example/logo.png', verified: false },
    place: { address: '203.0.113.7', agent: 'NotesTV/1.0', sameNetwork: true },
  },
  deviceDone: { client: { name: 'Notes' }, allowed: true },
  selectAccount: {
    action: '/interaction/u1/select-account',
    csrf: 'c5rf',
    client: { name: 'Notes', logo: 'https://notes.example/logo.png', verified: false },
    account: { name: 'Ada Lovelace', email: 'ada@example.com' },
    switchAction: '/interaction/u1/switch',
    abortAction: '/interaction/u1/cancel',
  },
  logout: { action: '/session/end/confirm', xsrf: 'x5rf', client: { name: 'Notes' }, account: { email: 'ada@example.com' } },
  signedOut: {},
  stillSignedIn: { account: { email: 'ada@example.com' } },
  error: {
    code: 'invalid_request',
    sentence: 'A parameter is missing.',
    heading: 'This request cannot be completed',
    next: 'Start again.',
    way: { href: '/recovery', label: 'Ask for a new link' },
    requestId: 'r1',
    backHref: '/',
  },
  recovery: {
    action: '/recovery',
    csrf: 'c5rf',
    interaction: 'u1',
    backHref: '/interaction/u1',
    email: 'ada',
    error: { code: 'invalid_email', sentence: 'This is not an e-mail address.' },
  },
  recoverySent: { action: '/recovery', csrf: 'c5rf', interaction: 'u1', backHref: '/interaction/u1', email: 'ada@example.com' },
  recoveryPassword: {
    action: '/link/recovery/0123',
    csrf: 'c5rf',
    email: 'ada@example.com',
    keys: { count: 3, isTicked: true },
    error: { code: 'weak_password', sentence: 'A password has at least 8 characters.' },
  },
  account: {
    account: { name: 'Ada Lovelace', email: 'ada@example.com' },
    verified: false,
    done: 'Your name is changed.',
    emailHref: '/account/email',
    keys: { count: 3, href: '/account/keys' },
  },
  accountEmail: {
    action: '/account/email',
    csrf: 'c5rf',
    present: 'ada@example.com',
    email: 'ada',
    error: { code: 'invalid_email', sentence: 'This is not an e-mail address.' },
  },
  accountEmailSent: { email: 'ada@example.com' },
  emailChange: { action: '/link/email-change/0123', csrf: 'c5rf', present: 'ada@example.com', email: 'countess@example.com' },
  emailUndo: { action: '/link/email-undo/0123', csrf: 'c5rf', email: 'ada@example.com' },
  emailUndone: { email: 'ada@example.com' },
  accountDelete: {
    action: '/account/delete',
    csrf: 'c5rf',
    email: 'ada@example.com',
    error: { code: 'not_sure', sentence: 'Tick the box.' },
  },
  accountDeleted: {},
  accountName: { action: '/account/name', csrf: 'c5rf', name: 'Ada Lovelace', error: { code: 'invalid_name', sentence: 'No.' } },
  accountKeys: {
    keys: [
      {
        name: 'Laptop',
        api: 'Notes API',
        sentences: ['Read your notes', 'Write notes'],
        madeAt: 1_795_000_000,
        expiresAt: 1_797_592_000,
        href: '/account/keys/j1',
      },
    ],
    newHref: '/account/keys/new',
    whyNone: 'You have fifty.',
    done: 'The key is ended.',
  },
  accountKeyNew: {
    action: '/account/keys/new',
    csrf: 'c5rf',
    name: 'Laptop',
    apis: [
      {
        identifier: 'https://notes.example',
        name: 'Notes API',
        isChosen: true,
        permissions: [
          { value: 'https://notes.example notes:read', sentence: 'Read your notes', isTicked: true },
          { value: 'https://notes.example notes:write', sentence: 'Write notes', isTicked: false },
        ],
      },
      {
        identifier: 'https://mail.example',
        name: 'Mail API',
        isChosen: false,
        permissions: [{ value: 'https://mail.example mail:read', sentence: 'Read your mail', isTicked: false }],
      },
    ],
    ends: [
      { days: 7, isChosen: false },
      { days: 30, isChosen: true },
    ],
    date: { isChosen: false, until: '2027-03-31', first: '2026-11-29', last: '2027-11-28' },
    error: { code: 'no_scope', sentence: 'Please choose what the key may do.' },
  },
  accountKeyMade: {
    name: 'Laptop',
    api: 'Notes API',
    expiresAt: 1_797_592_000,
    key: 'signet_eyJ.eyJ.sig_000000',
    audience: 'https://notes.example',
  },
  accountKeyEnd: {
    action: '/account/keys/j1',
    csrf: 'c5rf',
    name: 'Laptop',
    api: 'Notes API',
    sentences: ['Read your notes'],
    expiresAt: 1_797_592_000,
  },
  accountPassword: {
    action: '/account/password',
    csrf: 'c5rf',
    recoveryHref: '/recovery',
    email: 'ada@example.com',
    keys: { count: 3, isTicked: true },
    error: { code: 'weak_password', sentence: 'A password has at least 8 characters.' },
  },
  home: { issuer: 'http://localhost:4000', development: true, hasInbox: true, sampleClientUrl: 'http://localhost:4002/' },
  notFound: { requestId: 'r1' },
  inbox: { letters: [{ id: 'i1', at: 1_767_323_040, to: 'ada@example.com', subject: 'Choose another password' }] },
  inboxLetter: {
    at: 1_767_323_040,
    to: 'ada@example.com',
    subject: 'Choose another password',
    text: 'Hello Ada,\n\nhttps://id.example.com/recovery?token=x\n',
    frameHref: '/dev/mail/i1/html',
  },
}

export const pageNames = Object.keys(good) as (keyof PageModels)[]

/** The model with every piece of text replaced. */
export function filledWith<T>(model: T, text: string): T {
  if (typeof model === 'string') return text as T
  if (Array.isArray(model)) return model.map((item) => filledWith(item, text)) as T
  if (typeof model !== 'object' || model === null) return model
  return Object.fromEntries(Object.entries(model).map(([name, value]) => [name, filledWith(value, text)])) as T
}
