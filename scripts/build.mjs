/**
 * `npm run build`: the verification kit as a package in `dist/`, for `npm pack ./dist`. Node refuses to strip types inside `node_modules`, so the
 * kit is compiled; it takes jose along and nothing of the server.
 */
import { spawnSync } from 'node:child_process'
import { copyFileSync, globSync, readFileSync, rmSync, writeFileSync } from 'node:fs'

const subpaths = ['koa', 'express', 'fastify', 'hono', 'node', 'fetch', 'mcp', 'testing']

rmSync('dist', { recursive: true, force: true })
const { status } = spawnSync(process.execPath, ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.build.json'], {
  stdio: 'inherit',
})
if (status !== 0) process.exit(status ?? 1)
// The compiler leaves the names of files in declarations as they are in the source.
for (const file of globSync('dist/**/*.d.ts')) {
  writeFileSync(file, readFileSync(file, 'utf8').replaceAll(/(from '\.[^']*)\.ts'/g, "$1.js'"))
}

const { name, version, description, license, type, engines, dependencies } = JSON.parse(readFileSync('package.json', 'utf8'))
const entry = (file) => ({ types: `./resource-server/${file}.d.ts`, default: `./resource-server/${file}.js` })
const exports = {
  './resource-server': entry('index'),
  ...Object.fromEntries(subpaths.map((subpath) => [`./resource-server/${subpath}`, entry(subpath)])),
}
const manifest = {
  name,
  version,
  description: `${description} Here: the verification kit for its APIs.`,
  license,
  type,
  engines,
  exports,
  sideEffects: false,
  dependencies: { jose: dependencies.jose },
}
writeFileSync('dist/package.json', `${JSON.stringify(manifest, undefined, 2)}\n`)
copyFileSync('LICENSE', 'dist/LICENSE')
