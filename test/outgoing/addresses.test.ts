import { expect } from 'chai'
import fc from 'fast-check'
import { reachOf } from '../../src/outgoing/addresses.ts'

describe('the reach of an address', () => {
  const addresses = {
    public: [
      '8.8.8.8',
      '1.0.0.1',
      '172.15.255.255',
      '172.32.0.1',
      '100.63.255.255',
      '100.128.0.1',
      '126.255.255.255',
      '128.0.0.1',
    ],
    private: ['127.0.0.1', '127.255.255.254', '10.0.0.1', '172.16.0.1', '172.31.255.255', '192.168.1.1', '100.64.0.1'],
    never: ['0.0.0.0', '0.1.2.3', '169.254.169.254', '192.0.0.192', '192.0.2.1', '198.18.0.1', '224.0.0.1', '255.255.255.255'],
  } as const
  const sixes = {
    public: ['2606:4700:4700::1111', '2a00:1450::1', '2001:4860:4860::8888', '2620:4f:8001::1'],
    private: ['::1', 'fc00::1', 'fd12:3456:789a::1'],
    never: [
      '::',
      '::ffff:127.0.0.1',
      '::ffff:7f00:1',
      '::ffff:8.8.8.8',
      '::127.0.0.1',
      '64:ff9b::7f00:1',
      '64:ff9b::808:808',
      '64:ff9b:1::1',
      '100::1',
      '2001::1',
      '2001:db8::1',
      '2002:7f00:1::1',
      '3fff::1',
      '5f00::1',
      'fe80::1',
      'fe80::1%eth0',
      'fec0::1',
      'ff02::1',
    ],
  } as const
  const metadata = ['100.100.100.200', '168.63.129.16', 'fd00:ec2::254', 'fd20:ce::254']

  for (const reach of ['public', 'private', 'never'] as const) {
    for (const address of [...addresses[reach], ...sixes[reach], ...(reach === 'never' ? metadata : [])]) {
      it(`of ${address} is ${reach}`, () => {
        expect(reachOf(address)).to.equal(reach)
      })
    }
  }

  const numbers = (most: number, length: number) =>
    fc.array(fc.integer({ min: 0, max: most }), { minLength: length, maxLength: length })
  const four = numbers(0xff, 4).map((parts) => parts.join('.'))
  const six = numbers(0xffff, 8).map((groups) => groups.map((group) => group.toString(16)).join(':'))

  it('is never public for an IPv6 address outside of global unicast', () => {
    fc.assert(
      fc.property(six, (address) => {
        if (!/^[23]...:/.test(address)) expect(reachOf(address), address).to.not.equal('public')
      }),
    )
  })

  it('is never public where the library’s own guard refuses', async () => {
    const file = new URL('../../node_modules/oidc-provider/lib/helpers/fetch_request.js', import.meta.url)
    const library: { isSpecialUseIP(address: string): boolean } = await import(file.href)
    let refused = 0
    const judged = fc.property(fc.oneof(four, six), (address) => {
      if (!library.isSpecialUseIP(address)) return
      refused += 1
      expect(reachOf(address), address).to.not.equal('public')
    })
    fc.assert(judged, { numRuns: 2_000 })
    expect(refused).to.be.greaterThan(100)
  })

  for (const text of ['', 'localhost', '127.1', '[::1]', '2130706433', '1.2.3.4/8']) {
    it(`is not asked of ${JSON.stringify(text)}`, () => {
      expect(() => reachOf(text)).to.throw(TypeError)
    })
  }
})
