import { once } from 'node:events'
import type { Server } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { expect } from 'chai'
import Koa from 'koa'
import { Refusal } from '../../src/base/errors.ts'
import { field, readForm } from '../../src/web/form.ts'

const formType = 'application/x-www-form-urlencoded'
const largest = 16 * 1024

describe('a posted form', () => {
  let server: Server
  let port: number
  before(async () => {
    const app = new Koa()
    app.use(async (ctx) => {
      try {
        ctx.body = [...(await readForm(ctx))]
      } catch (cause) {
        if (!(cause instanceof Refusal)) throw cause
        ctx.status = cause.status
        ctx.body = cause.code
      }
    })
    server = app.listen(0, '127.0.0.1')
    await once(server, 'listening')
    port = (server.address() as AddressInfo).port
  })
  after(() => {
    server.close()
    server.closeAllConnections()
  })

  const post = (body: RequestInit['body'], type: string | undefined = formType) =>
    fetch(`http://127.0.0.1:${port}/`, { method: 'POST', body, headers: { 'content-type': type } })

  it('X04: is read as names and values, brackets and dots included', async () => {
    const body = 'a=1&a=2&b[c]=3&b.d=4&__proto__=5&e=%E2%9C%93+x&f&=g'
    expect(await (await post(body)).json()).to.deep.equal([
      ['a', '1'],
      ['a', '2'],
      ['b[c]', '3'],
      ['b.d', '4'],
      ['__proto__', '5'],
      ['e', '✓ x'],
      ['f', ''],
      ['', 'g'],
    ])
  })

  it('X03: is read whatever its bytes are', async () => {
    for (const body of ['a=%', 'a=%zz', 'a=%00', 'a=%ff%fe', 'a=\ud800', Buffer.of(0x61, 0x3d, 0xff, 0x00)]) {
      const response = await post(body)
      expect(response.status).to.equal(200)
      expect(await response.json()).to.have.length(1)
    }
  })

  for (const type of [
    'application/json',
    'multipart/form-data; boundary=x',
    'text/plain',
    'application/x-www-form-urlencodedx',
    'nonsense',
  ]) {
    it(`T21: is refused as ${type}`, async () => {
      expect((await post('a=1', type)).status).to.equal(415)
      expect((await post('a=1', `${formType}; charset=utf-8`)).status).to.equal(200)
    })
  }

  it('X02: has at most 16 kB', async () => {
    expect((await post('a='.padEnd(largest, 'x'))).status).to.equal(200)
    for (const size of [largest + 1, 60_000]) {
      const response = await post('a='.padEnd(size, 'x'))
      expect(response.status).to.equal(413)
      expect(response.headers.get('connection')).to.equal('close')
    }
  })

  it('X02: is cut off when it never ends', async () => {
    const socket = connect(port, '127.0.0.1')
    socket.write(`POST / HTTP/1.1\r\nHost: x\r\nContent-Type: ${formType}\r\nTransfer-Encoding: chunked\r\n\r\n`)
    const chunk = `1000\r\n${'x'.repeat(0x1000)}\r\n`
    for (let sent = 0; sent <= largest; sent += 0x1000) socket.write(chunk)
    expect(await text(socket)).to.match(/^HTTP\/1\.1 413 /)
  })
})

describe('a field', () => {
  const form = new URLSearchParams('one=1&empty=&two=a&two=b')
  it('is its single value', () => {
    expect(field(form, 'one')).to.equal('1')
    expect(field(form, 'empty')).to.equal('')
  })
  for (const name of ['two', 'none', 'toString', '__proto__']) {
    it(`is refused when it is missing or repeated: ${name}`, () => {
      expect(() => field(form, name))
        .to.throw(Refusal)
        .which.includes({ code: 'invalid_request', status: 400 })
    })
  }
})
