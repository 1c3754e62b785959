/** What docs/production.md says of nginx, tried with a real one, and judged by the doctor. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { getCACertificates, setDefaultCACertificates } from 'node:tls'
import { expect } from 'chai'
import { systemClock } from '../src/base/clock.ts'
import { examine } from '../src/doctor/examine.ts'
import { httpCheck } from '../src/doctor/transport.ts'
import { selfSigned } from './support/certificate.ts'
import { freePort } from './support/ports.ts'
import { startTestServer, type TestServer, temporaryFolder } from './support/server.ts'

const guide = readFileSync(path.resolve(import.meta.dirname, '../docs/production.md'), 'utf8')
const written = /^```nginx\n([\s\S]*?)^```/m.exec(guide)?.[1] ?? ''
const isHere = spawnSync('nginx', ['-v']).status === 0

;(isHere || process.env.CI ? describe : describe.skip)('nginx as docs/production.md sets it up', () => {
  const folder = temporaryFolder()
  const trusted = getCACertificates('default')
  let server: TestServer
  let nginx: ChildProcess | undefined
  let ports: { https: number; http: number }

  before(async () => {
    const { certificate, key } = selfSigned(['localhost'], 60)
    writeFileSync(path.join(folder, 'fullchain.pem'), certificate)
    writeFileSync(path.join(folder, 'privkey.pem'), key)
    setDefaultCACertificates([...trusted, certificate])
    ports = { https: await freePort('127.0.0.1'), http: await freePort('127.0.0.1') }
    const app = { id: 'phone', name: 'Phone', kind: 'native', redirectUris: ['com.example.app:/callback'] }
    const settings = { trustedProxies: ['127.0.0.1'], clients: [app] }
    server = await startTestServer({ issuer: `https://localhost:${ports.https}`, settings })
  })
  afterEach(async () => {
    if (nginx?.exitCode === null && nginx.kill('SIGQUIT')) await once(nginx, 'exit')
  })
  after(async () => {
    setDefaultCACertificates(trusted)
    await server.close()
  })

  /** The very text, but for names and ports. */
  function adapted(text: string): string {
    return text
      .replace(/ +listen \[::\].*\n/g, '')
      .replace('listen 443', `listen 127.0.0.1:${ports.https}`)
      .replace('listen 80', `listen 127.0.0.1:${ports.http}`)
      .replaceAll('/etc/letsencrypt/live/id.example.com', folder)
      .replaceAll('id.example.com', 'localhost')
      .replace('127.0.0.1:4000', `localhost:${server.settings.listen.port}`)
  }

  async function run(text: string): Promise<string[]> {
    const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((one) => `${one}_temp_path ${folder}/${one};`)
    const user = process.getuid?.() === 0 ? 'user root;' : ''
    const file = path.join(folder, 'nginx.conf')
    const http = `http { access_log off; ${temporary.join(' ')}\n${adapted(text)}}`
    writeFileSync(file, `daemon off; pid ${folder}/pid; error_log stderr; ${user} events {}\n${http}`)
    expect(spawnSync('nginx', ['-t', '-q', '-c', file], { encoding: 'utf8' }).stderr).to.equal('')
    nginx = spawn('nginx', ['-c', file], { stdio: 'ignore' })
    const url = `https://localhost:${ports.https}/health/live`
    while (!(await fetch(url).catch(() => undefined))?.ok && nginx.exitCode === null) await pause(20)
    const found: string[] = []
    for await (const { name, status } of examine({ now: systemClock, load: () => server.settings }))
      if (status !== 'ok') found.push(`${name} ${status}`)
    return found
  }

  it('is found sound, its certificate and its long answers too, and leads plain http to https', async () => {
    expect(await run(written)).to.deep.equal([])
    expect(await httpCheck('https://localhost', ports.http)).to.include({ status: 'ok', sentence: 'Plain http leads to https.' })
  })

  it('is found wanting without the buffers for answers', async () => {
    expect(await run(written.replace(/ +proxy_buffer.*\n/g, ''))).to.deep.equal(['large-answers fail'])
  })

  it('is found wanting with small buffers for requests', async () => {
    expect(await run(written.replace(/large_client_header_buffers.*;/, 'large_client_header_buffers 2 2k;'))).to.include(
      'large-requests fail',
    )
  })
})
