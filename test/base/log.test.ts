import { expect } from 'chai'
import { createLog, logWith } from '../../src/base/log.ts'
import { duringRequest } from '../../src/base/request.ts'

describe('the log', () => {
  const lines: string[] = []
  const options = { time: () => 1_800_000_000_123, write: (line: string) => void lines.push(line) }
  const log = createLog(options)
  const said = () => JSON.parse(lines.at(-1) as string) as Record<string, unknown>

  it('writes one JSON line per event, with its time', () => {
    log.info('grant.error', { client: 'app', reason: 'two\nlines' })
    expect(lines.at(-1)?.trimEnd()).to.not.include('\n')
    expect(said()).to.deep.equal({
      time: '2027-01-15T08:00:00.123Z',
      level: 'info',
      event: 'grant.error',
      client: 'app',
      reason: 'two\nlines',
    })
  })
  it('says nothing but errors where that is wished', () => {
    const [quiet, before] = [createLog({ ...options, level: 'error' }), lines.length]
    quiet.info('x')
    expect(lines).to.have.length(before)
    quiet.error('y')
    expect(said()).to.include({ event: 'y', level: 'error' })
  })
  it('names the request that is being answered, whoever writes the line, however late', async () => {
    const later = duringRequest('r-1', async () => {
      await new Promise(setImmediate)
      log.info('x')
      return said().request
    })
    log.info('y')
    expect(said()).to.not.have.property('request')
    expect(await later).to.equal('r-1')
  })
  it('has what stands on every line of a part', () => {
    logWith({ worker: 2 }, log).info('x', { worker: 'forged' })
    expect(said()).to.include({ event: 'x', worker: 2 })
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
