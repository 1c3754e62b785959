import { expect } from 'chai'
import { createPrograms, expectOneLine } from './program.ts'

describe('signet doctor', () => {
  it('says of an installation that is not running what to do, and ends with 1', async () => {
    const programs = await createPrograms()
    const { code, stdout, stderr } = await programs.signet(['doctor'])
    expect({ code, stderr }).to.deep.equal({ code: 1, stderr: '' })
    expect(stdout).to.match(/^ok {4}node +Node [\d.]+\.$/m)
    expect(stdout).to.match(
      /^fail {2}issuer +http:\/\/localhost:\d+ does not answer \(ECONNREFUSED\)\.\n +-> Nothing listens there/m,
    )
    expect(stdout).to.match(/^\d+ checks: 1 to mend, \d to look at\.\nNot seen from here:$/m)
  })

  it('tells a program of one that runs, and ends with 0', async () => {
    const programs = await createPrograms()
    const server = programs.start('scripts/signet.mjs', ['serve'])
    await server.line(/"listening"/)
    const said = (await programs.json(['doctor', '--url', `${programs.issuer}/`])) as {
      ok: boolean
      checks: object[]
      unseen: string[]
    }
    await server.stop()
    expect(said.ok).to.equal(true)
    expect(said.checks).to.deep.include({ name: 'ready', status: 'ok', sentence: 'The server is ready.' })
    expect(said.unseen.map((one) => one.split(' ', 4).join(' '))).to.deep.equal([
      'whether answers with long',
      'whether the proxy sets',
      'whether a signer that',
      'whether letters that the',
      'whether backups are made,',
    ])
  })

  it('refuses an address that is none', async () => {
    const programs = await createPrograms()
    expectOneLine(await programs.signet(['doctor', '--url', 'localhost']), /--url is an address/)
  })
})
