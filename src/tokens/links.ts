/**
 * Links that are sent by letter: what each is for, where it leads, how long it is good, and whether whoever carries it may read it. Nothing of one
 * is stored. The purpose is the salt, or the key, of its token: a link of one purpose is none of another.
 *
 * Does NOT say whether a link was used: its reader finds that out by what it is bound to, which the use changes.
 */
import type { Clock } from '../base/clock.ts'
import { Refusal } from '../base/errors.ts'
import type { Json } from '../crypto/packed-json.ts'
import { createSealedTokens } from '../crypto/sealed-tokens.ts'
import type { Secrets } from '../crypto/secrets.ts'
import { createSigning } from '../crypto/signing.ts'
import type { LineageStore } from '../store/store.ts'

interface Kind {
  /** Where it leads; what is landed there stays under it (`web/landing.ts`). */
  path: string
  lifetimeSeconds: number
  /** Sealed: a password's hash is in it. Signed: it holds nothing that its letter's reader does not know. */
  form: 'sealed' | 'signed'
}

const hour = 3_600
const day = 86_400

export const linkKinds = {
  'sign-up': { path: '/link/sign-up', lifetimeSeconds: day, form: 'sealed' },
  recovery: { path: '/link/recovery', lifetimeSeconds: hour, form: 'signed' },
  'email-change': { path: '/link/email-change', lifetimeSeconds: day, form: 'signed' },
  /** Longer than a holiday without letters. */
  'email-undo': { path: '/link/email-undo', lifetimeSeconds: 14 * day, form: 'signed' },
  /** A letter may be twenty minutes on its way (`mail/mailer.ts`). */
  'sign-in': { path: '/link/sign-in', lifetimeSeconds: hour / 2, form: 'signed' },
} as const satisfies Record<string, Kind>

export type LinkPurpose = keyof typeof linkKinds

export interface ReadLink<T> {
  content: T
  /** Seconds since the epoch. */
  issuedAt: number
  expiresAt: number
}

export interface Links {
  /**
   * @param content what its reader needs, under short names: the whole address has at most 1,500 characters, since mail programs break longer ones
   * @returns an address of the issuer, whatever host the request named
   * @throws TypeError beyond those: whoever takes a person's words into it bounds them before
   */
  urlOf<T extends Json>(purpose: LinkPurpose, content: T): Promise<string>
  /**
   * Validates: that this server made it, for this purpose, not too long ago, and in this life of its database. Does NOT validate the shape of the
   * content, which is as `urlOf` was given, by this version or the one before.
   * @throws Refusal `link_invalid` 422, `link_expired` 410
   */
  read<T extends Json>(purpose: LinkPurpose, token: string): Promise<ReadLink<T>>
}

export interface LinkParts {
  secrets: Secrets
  issuer: string
  lineage: Pick<LineageStore, 'current'>
  now: Clock
}

export const longestLink = 1_500

const tooOld = new Set(['signature_expired', 'seal_expired'])

export function createLinks({ secrets, issuer, lineage, now }: LinkParts): Links {
  const forms = createForms(secrets, now)

  async function opened(purpose: LinkPurpose, token: string): Promise<{ content: Json; expiresAt: number }> {
    if (token === '' || token.length > longestLink) throw invalid({ purpose, length: token.length })
    try {
      return await forms[linkKinds[purpose].form].read(purpose, token)
    } catch (cause) {
      if (!(cause instanceof Refusal)) throw cause
      throw tooOld.has(cause.code) ? expired({ purpose }) : invalid({ purpose })
    }
  }

  return {
    async urlOf(purpose, content) {
      const { path, form } = linkKinds[purpose]
      const url = `${issuer}${path}?token=${await forms[form].write(purpose, content)}`
      if (url.length > longestLink) throw new TypeError(`a link for ${purpose} of ${url.length} characters`)
      return url
    },
    async read<T>(purpose: LinkPurpose, token: string) {
      const { content, expiresAt } = await opened(purpose, token)
      const issuedAt = expiresAt - linkKinds[purpose].lifetimeSeconds
      // What a link is bound to may be what it was again: a restored backup brings no link back.
      const beganAt = (await lineage.current())?.beganAt
      if (beganAt !== undefined && issuedAt <= beganAt) throw expired({ purpose, restoredAt: beganAt })
      return { content: content as T, issuedAt, expiresAt }
    },
  }
}

function invalid(detail: Record<string, unknown>): Refusal {
  return new Refusal('link_invalid', 'This link is not complete, or it is not one of ours.', { status: 422, detail })
}

function expired(detail: Record<string, unknown>): Refusal {
  return new Refusal('link_expired', 'This link is too old to be used.', { status: 410, detail })
}

interface Form {
  write(purpose: LinkPurpose, content: Json): string | Promise<string>
  /** @throws Refusal of what reads it */
  read(purpose: LinkPurpose, token: string): Promise<{ content: Json; expiresAt: number }>
}

function createForms(secrets: Secrets, now: Clock): Record<Kind['form'], Form> {
  const signing = createSigning({ keys: secrets.keysFor('links'), now })
  const saltOf = (purpose: LinkPurpose) => `link/${purpose}`
  const sealedFor = (purpose: LinkPurpose) => createSealedTokens({ secrets, purpose: `link/${purpose}`, now })
  return {
    signed: {
      write: (purpose, content) => signing.dumps(content, { salt: saltOf(purpose) }),
      async read(purpose, token) {
        const { lifetimeSeconds: maxAgeSeconds } = linkKinds[purpose]
        const { value, signedAt } = signing.loadsDated(token, { salt: saltOf(purpose), maxAgeSeconds })
        return { content: value, expiresAt: signedAt + maxAgeSeconds }
      },
    },
    sealed: {
      write: (purpose, content) => sealedFor(purpose).seal(content, linkKinds[purpose].lifetimeSeconds),
      read: (purpose, token) => sealedFor(purpose).open(token),
    },
  }
}
