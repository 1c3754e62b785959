/** The list of what a test issuer revoked (docs/revocation.md), with readers that wait for it. */
import { hash } from 'node:crypto'
import { decodeObject } from '../compact.ts'
import type { Entry } from '../revocation-list.ts'
import { signed, type TestKey } from './minting.ts'

export interface TestRevocations {
  /** Says that a token is dead, and waits until all who were waiting for it have read that. */
  revoke(token: string): Promise<void>
  /** What the issuer answers at `revocations`. */
  answer(url: URL, signal: AbortSignal | null | undefined): Promise<Response>
}

interface Parts {
  issuer: string
  key(): TestKey
  now(): number
}

// Whoever was told and never asks again has been closed.
const longestWaitMilliseconds = 1_000

export function testRevocations({ issuer, key, now }: Parts): TestRevocations {
  const entries: Entry[] = []
  /** Those who have read everything. */
  const waiting = new Set<() => void>()
  /** How many were told something and have not asked for more since. */
  let reading = 0
  let settled: PromiseWithResolvers<void> | undefined

  function list(): Response {
    const place = { lineage: 'test', from: 0, cursor: `test.${entries.length}` }
    const claims = { iss: issuer, iat: now(), exp: now() + 60, ...place, entries }
    return new Response(signed({ alg: 'ES256', typ: 'revocations+jwt', kid: key().kid }, claims, key()))
  }

  /** Until there are some, or the wait is over: whoever is never answered takes the issuer for away, and reads nothing for a while. */
  function news(seconds: number, signal: AbortSignal | null | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const over = setTimeout(() => {
        waiting.delete(tell)
        reading++
        resolve()
      }, seconds * 1_000)
      over.unref()
      const tell = () => {
        clearTimeout(over)
        resolve()
      }
      waiting.add(tell)
      if (reading === 0) settled?.resolve()
      signal?.addEventListener('abort', () => {
        clearTimeout(over)
        waiting.delete(tell)
        reject(signal.reason)
      })
    })
  }

  return {
    async revoke(token) {
      const { jti, exp } = decodeObject(token.split('.')[1] ?? '') as { jti: string; exp: number }
      entries.push([digestOf(issuer, jti), exp + 300])
      reading += waiting.size
      for (const tell of waiting) tell()
      waiting.clear()
      if (reading === 0) return
      settled ??= Promise.withResolvers<void>()
      const timer = setTimeout(settled.resolve, longestWaitMilliseconds)
      await settled.promise
      settled = undefined
      clearTimeout(timer)
    },

    async answer(url, signal) {
      const after = url.searchParams.get('after')
      if (after !== null) reading = Math.max(0, reading - 1)
      if (after === `test.${entries.length}`) await news(Number(url.searchParams.get('wait')), signal)
      else reading++
      return list()
    },
  }
}

/** As an entry names a token. */
function digestOf(issuer: string, jti: string): string {
  const whole = hash('sha256', `${issuer}\ntoken\n${hash('sha256', jti, 'base64url')}`, 'buffer')
  return whole.subarray(0, 16).toString('base64url')
}
