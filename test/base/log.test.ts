import { expect } from 'chai'
import { createLog } from '../../src/base/log.ts'

describe('the log', () => {
  const lines: string[] = []
  const log = createLog(
    () => 1_800_000_000,
    (line) => lines.push(line),
  )
  const said = () => JSON.parse(lines.at(-1) as string) as Record<string, unknown>

  it('writes one JSON line per event, with its time', () => {
    log.info('grant.error', { client: 'app', reason: 'two\nlines' })
    expect(lines.at(-1)).to.not.include('\n')
    expect(said()).to.deep.equal({
      time: '2027-01-15T08:00:00.000Z',
      level: 'info',
      event: 'grant.error',
      client: 'app',
      reason: 'two\nlines',
    })
  })
  it('survives what JSON cannot say, and lets no field stand in for its own', () => {
    const cycle: Record<string, unknown> = { big: 10n }
    cycle.self = cycle
    log.info('x', { cycle, event: 'forged', time: 'forged' })
    expect(said()).to.include({ event: 'x', level: 'info' })
    log.error('y', { error: new Error('outer', { cause: new Error('inner') }) })
    expect(lines.at(-1)).to.include('inner')
  })
  it('says what an error was', () => {
    log.error('server_error', { error: new TypeError('broken') })
    expect(said().error).to.include({ name: 'TypeError', message: 'broken' })
  })
  for (const name of [
    'password',
    'client_secret',
    'access_token',
    'code',
    'code_verifier',
    'authorization',
    'Cookie',
    'client_assertion',
    'id_token_hint',
  ]) {
    it(`L18 never writes a field named ${name}, however deep`, () => {
      log.info('x', { [name]: 's3cret', inner: { list: [{ [name]: 's3cret' }] } })
      expect(lines.at(-1)).to.not.include('s3cret')
    })
  }
})
