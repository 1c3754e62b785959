import type { LetterModels } from '../../src/mail/letters.ts'
import { createLetters } from '../../src/mail/letters.ts'
import { theme, viewsFolder } from '../pages/models.ts'

export const issuer = 'https://id.example.com'
export const letters = createLetters({ viewsFolder, theme, issuer })

const link = `${issuer}/somewhere?token=eyJhbGciOiJkaXIi.a-b_c~1&x=1`
const at = Date.UTC(2026, 0, 2, 3, 4) / 1_000

/** One ordinary model of each letter, with every optional member. */
export const good: LetterModels = {
  'sign-up': { link, lifetimeSeconds: 86_400 },
  'address-in-use': { link },
  recovery: { name: 'Ada Lovelace', link, lifetimeSeconds: 1_800 },
  'password-changed': { name: 'Ada Lovelace', at, link, keys: 2 },
  'email-change': { link, lifetimeSeconds: 3_600 },
  'email-changed': { name: 'Ada Lovelace', at, link, lifetimeSeconds: 259_200 },
  'email-set': { name: 'Ada Lovelace', at },
  'email-restored': { name: 'Ada Lovelace', at },
  'sign-in-link': { name: 'Ada Lovelace', link, lifetimeSeconds: 600 },
  'new-device': { name: 'Ada Lovelace', at, network: '192.0.2.7', agent: 'Firefox on Linux', link },
  'account-deleted': { name: 'Ada Lovelace', at, by: 'operator' },
  'api-key-added': {
    name: 'Ada Lovelace',
    key: 'nightly-build',
    api: 'Notes',
    scopes: ['Read your notes', 'Change your notes'],
    at,
    expiresAt: at + 7_776_000,
    link,
  },
  'api-key-ended': {
    name: 'Ada Lovelace',
    keys: [
      { key: 'nightly-build', api: 'Notes' },
      { key: 'laptop', api: 'Billing' },
    ],
    why: 'password',
    at,
    link,
  },
  test: {},
}
