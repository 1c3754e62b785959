/**
 * A signer as Signet asks one, in a process of its own, for trying it out and as a pattern for the door of a KMS:
 *
 *   node scripts/local-signer.ts SOCKET FILE…
 *
 * Each file is a private key as a JWK with `alg`, mode 0600; what is not there is made (ES256). For each it prints the key file for Signet, public.
 * The socket is its owner's alone; whoever may connect to it may have anything signed.
 */
import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { json } from 'node:stream/consumers'
import { calculateJwkThumbprint } from 'jose'
import { signatureBy } from '../src/crypto/signature.ts'
import type { SigningAlgorithm } from '../src/settings/algorithms.ts'

interface Held {
  alg: SigningAlgorithm
  key: KeyObject
}

const [socket, ...files] = process.argv.slice(2)
if (!socket || files.length === 0) throw new TypeError('node scripts/local-signer.ts SOCKET FILE…')

const keys = new Map<string, Held>()
for (const file of files) {
  if (!existsSync(file)) writeFileSync(file, JSON.stringify(newKey()), { mode: 0o600, flag: 'wx' })
  const jwk = JSON.parse(readFileSync(file, 'utf8'))
  const key = createPrivateKey({ key: jwk, format: 'jwk' })
  const publicJwk = createPublicKey(key).export({ format: 'jwk' })
  const kid = await calculateJwkThumbprint(publicJwk as Record<string, string>)
  keys.set(kid, { alg: jwk.alg, key })
  const created_at = Math.floor(Date.now() / 1000)
  console.log(JSON.stringify({ ...publicJwk, alg: jwk.alg, kid, created_at, signer: `unix:${socket}` }))
}

const server = createServer(async (request, response) => {
  const answer = (status: number, body: object) => response.writeHead(status).end(JSON.stringify(body))
  try {
    const { kid, alg, input } = (await json(request)) as { kid: string; alg: string; input: string }
    const held = keys.get(kid)
    if (request.method !== 'POST' || held?.alg !== alg) return answer(404, { error: 'unknown_key' })
    const signature = await signatureBy(held.alg, held.key, Buffer.from(input, 'base64url'))
    answer(200, { signature: signature.toString('base64url') })
  } catch {
    answer(400, { error: 'invalid_request' })
  }
})
// Left by one that was killed.
rmSync(socket, { force: true })
// From the first moment on, whatever the mask was: who may connect may sign.
process.umask(0o077)
server.listen(socket, () => {
  // Apart from the key files, which go where they are redirected to.
  console.error('listening')
})

function newKey(): object {
  return { ...generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ format: 'jwk' }), alg: 'ES256' }
}
