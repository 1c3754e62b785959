import { expect } from 'chai'
import { networkOf, siteOf } from '../../src/accounts/networks.ts'

describe('the network of an address', () => {
  for (const [address, network] of [
    ['198.51.100.7', '198.51.100.7'],
    ['::ffff:198.51.100.7', '198.51.100.7'],
    ['::FFFF:198.51.100.7', '198.51.100.7'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2'],
    ['2001:DB8:1:2::', '2001:db8:1:2'],
    ['2001:0db8:0001:0002::1', '2001:db8:1:2'],
    ['2001:db8::1', '2001:db8:0:0'],
    ['2001:db8:1::2:3:4:5', '2001:db8:1:0'],
    ['2001:db8::2:3:4:5:6', '2001:db8:0:2'],
    ['::1', '0:0:0:0'],
    ['::', '0:0:0:0'],
    ['fe80::1%eth0', 'fe80:0:0:0'],
    ['64:ff9b::198.51.100.7', '64:ff9b:0:0'],
    ['', ''],
  ] as const) {
    it(`of ${address || 'nobody'} is ${network || 'nobody’s'}`, () => expect(networkOf(address)).to.equal(network))
  }
})

describe('the site of an address', () => {
  it('is the /48 of an IPv6 address, and its own network', () => {
    expect(siteOf('2001:db8:1:2::3')).to.equal('2001:db8:1/48')
    expect(networkOf('2001:db8:1/48')).to.equal('2001:db8:1/48')
  })
  it('is nothing for IPv4', () => {
    expect(siteOf('198.51.100.7')).to.equal(undefined)
    expect(siteOf('::ffff:198.51.100.7')).to.equal(undefined)
  })
})
