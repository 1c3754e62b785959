import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect } from 'chai'

const root = path.resolve(import.meta.dirname, '../..')
const resource = `defineResource({ id: 'https://api.example.com', scopes: { 'notes:read': 'Read your notes' } })`

const javaScript = `
import { createResourceServer, defineResource } from 'signet/resource-server'
import { fetchHandlers } from 'signet/resource-server/fetch'
import { createTestIssuer } from 'signet/resource-server/testing'
const notes = ${resource}
const issuer = createTestIssuer({ resource: notes })
const { protect } = fetchHandlers(createResourceServer({ ...issuer.options, resource: notes }))
const handler = protect('notes:read', (request, auth) => new Response(auth.subject))
const ask = async (token) => {
  const response = await handler(new Request('https://api.example.com/notes', { headers: { authorization: 'Bearer ' + token } }))
  return [response.status, await response.text()]
}
const bad = await Promise.all(Object.values(issuer.bad).map(async (make) => (await ask(make()))[0]))
console.log(JSON.stringify([await ask(issuer.token({ sub: 'ada' })), [...new Set(bad)]]))
`

const typeScript = `
import { type Auth, createResourceServer, defineResource, type ScopeOf } from 'signet/resource-server'
import { express } from 'signet/resource-server/express'
import { fastify } from 'signet/resource-server/fastify'
import { fetchHandlers } from 'signet/resource-server/fetch'
import { hono } from 'signet/resource-server/hono'
import { koa } from 'signet/resource-server/koa'
import { mcp } from 'signet/resource-server/mcp'
import { node } from 'signet/resource-server/node'
const notes = ${resource}
const api = createResourceServer({ issuer: 'https://id.example.com', resource: notes })
export const all = [express(api), fastify(api), hono(api), koa(api), mcp(api), node(api)]
export const subject = (auth: Auth<ScopeOf<typeof notes>>): string => auth.subject
export const handler = fetchHandlers(api).protect('notes:read', (_request, auth) => new Response(subject(auth)))
`

describe('kit: as a package', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'signet-kit-'))
  const inFolder = (command: string, ...args: string[]) =>
    execFileSync(command, args, { cwd: folder, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
  const compile = (text: string) => {
    writeFileSync(path.join(folder, 'api.ts'), text)
    const options = ['--strict', '--noEmit', '--target', 'esnext', '--module', 'nodenext', '--types', 'node', 'api.ts']
    try {
      return inFolder(process.execPath, path.join(root, 'node_modules/typescript/bin/tsc'), ...options)
    } catch (error) {
      return (error as { stdout: string }).stdout
    }
  }

  before(() => {
    execFileSync(process.execPath, ['scripts/build.mjs'], { cwd: root })
    writeFileSync(path.join(folder, 'package.json'), JSON.stringify({ private: true, type: 'module' }))
    // jose out of this tree, so that nothing is asked of a registry.
    const pack = (from: string) => inFolder('npm', 'pack', '--silent', '--ignore-scripts', path.join(root, from)).trim()
    const packed = [pack('dist'), pack('node_modules/jose')].map((file) => `./${file}`)
    inFolder('npm', 'install', '--offline', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error', ...packed)
  })
  after(() => rmSync(folder, { recursive: true, force: true }))

  it('brings the kit, and nothing of the server', () => {
    const installed = path.join(folder, 'node_modules/signet')
    expect(readdirSync(installed).sort()).to.deep.equal(['LICENSE', 'package.json', 'resource-server'])
    expect(readdirSync(path.join(folder, 'node_modules')).filter((name) => !name.startsWith('.'))).to.deep.equal([
      'jose',
      'signet',
    ])
    expect(readdirSync(path.join(installed, 'resource-server')).every((name) => /\.(js|d\.ts)$|^testing$/.test(name))).to.equal(
      true,
    )
  })
  it('has each of its entries', () => {
    const { exports } = JSON.parse(readFileSync(path.join(root, 'dist/package.json'), 'utf8'))
    for (const { types, default: code } of Object.values<{ types: string; default: string }>(exports))
      for (const file of [types, code]) expect(existsSync(path.join(root, 'dist', file)), file).to.equal(true)
  })
  it('protects a route from JavaScript', () => {
    writeFileSync(path.join(folder, 'api.js'), javaScript)
    expect(JSON.parse(inFolder(process.execPath, 'api.js'))).to.deep.equal([[200, 'ada'], [401]])
  })
  it('protects a route from TypeScript, strictly, and a scope misspelt does not compile', () => {
    for (const name of ['@types', 'undici-types'])
      symlinkSync(path.join(root, 'node_modules', name), path.join(folder, 'node_modules', name))
    expect(compile(typeScript)).to.equal('')
    expect(compile(typeScript.replace("protect('notes:read'", "protect('notes:reed'"))).to.match(/TS2345.*notes:reed/)
  })
})
