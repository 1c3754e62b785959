/** A private Apache: its own configuration and folder, a site for each text, on free ports; as root or not. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { freePort } from './ports.ts'
import { temporaryFolder } from './server.ts'

const apache = '/usr/sbin/apache2'
const modules = '/usr/lib/apache2/modules'
const loaded = ['mpm_event', 'authn_core', 'authz_core', 'authz_user', 'headers', 'auth_openidc', 'oauth2']

const modulesAreHere = ['auth_openidc', 'oauth2'].every((one) => existsSync(`${modules}/mod_${one}.so`))

/** Skipped by name where it is not installed, but not where the project is being judged. */
export const describeWithApache: typeof describe.skip =
  process.env.CI || (existsSync(apache) && modulesAreHere) ? describe : describe.skip

export interface Apache<Site extends string> {
  urls: Record<Site, string>
  /** What it logged. */
  log(): string
  close(): Promise<void>
}

/**
 * @param ports one for each site, as `freePort` finds them @param sites what stands inside each `VirtualHost`
 * @param files served by each, by their paths
 */
export async function startApache<Site extends string>(
  ports: Record<Site, number>,
  sites: Record<Site, string>,
  files: Record<string, string>,
): Promise<Apache<Site>> {
  const folder = temporaryFolder()
  const documents = path.join(folder, 'documents')
  mkdirSync(documents)
  // As root it serves as another user.
  for (const one of [folder, documents]) chmodSync(one, 0o755)
  for (const [name, text] of Object.entries(files)) writeFileSync(path.join(documents, name), text)
  const names = Object.keys(sites) as Site[]
  const configuration = path.join(folder, 'httpd.conf')
  writeFileSync(
    configuration,
    [
      `ServerRoot ${folder}\nDefaultRuntimeDir ${folder}\nPidFile ${folder}/pid\nServerName localhost`,
      `ErrorLog ${folder}/error.log\nLogLevel warn\nDocumentRoot ${documents}`,
      process.getuid?.() === 0 ? 'User www-data\nGroup www-data' : '',
      ...loaded.map((one) => `LoadModule ${one}_module ${modules}/mod_${one}.so`),
      // One child: what it keeps is then there for the next request, and it starts sooner.
      'ServerLimit 1\nStartServers 1\nThreadsPerChild 8\nMaxRequestWorkers 8',
      ...names.flatMap((name) => [
        `Listen 127.0.0.1:${ports[name]}`,
        `<VirtualHost 127.0.0.1:${ports[name]}>\n${sites[name]}\n</VirtualHost>`,
      ]),
    ].join('\n'),
  )
  const { status, stderr } = spawnSync(apache, ['-f', configuration, '-t'], { encoding: 'utf8' })
  if (status !== 0) throw new Error(`Apache does not take its configuration: ${stderr}`)
  const log = () => readFileSync(path.join(folder, 'error.log'), 'utf8')
  const child: ChildProcess = spawn(apache, ['-f', configuration, '-DFOREGROUND'], { stdio: 'ignore' })
  const urls = Object.fromEntries(names.map((name) => [name, `http://localhost:${ports[name]}`])) as Record<Site, string>
  while (!(await fetch(urls[names[0] as Site], { redirect: 'manual' }).catch(() => undefined))) {
    if (child.exitCode !== null) throw new Error(`Apache ended: ${log()}`)
    await pause(20)
  }
  return {
    urls,
    log,
    async close() {
      if (child.exitCode === null && child.kill('SIGTERM')) await once(child, 'exit')
    },
  }
}

/** @returns a free port for each, no two the same */
export async function portsFor<Site extends string>(...sites: Site[]): Promise<Record<Site, number>> {
  const found = new Set<number>()
  while (found.size < sites.length) found.add(await freePort('127.0.0.1'))
  return Object.fromEntries([...found].map((port, index) => [sites[index], port])) as Record<Site, number>
}
