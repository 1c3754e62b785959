/**
 * Which addresses a request from here may be sent to. What reaches only this machine, this network or nobody is refused: whoever names such an
 * address in a client's metadata wants the server to ask where they cannot ask themselves.
 * IANA's special-purpose registries for IPv4 and IPv6 (RFC 6890 and its updates).
 */
import { BlockList, isIP, isIPv4, isIPv6 } from 'node:net'

/** - `public`: anybody's. - `private`: this machine's or this network's, which a switch may open. - `never`: nobody's, or too dangerous to ask. */
export type Reach = 'public' | 'private' | 'never'

/** Loopback, RFC 1918, shared address space (RFC 6598) and unique local addresses (RFC 4193): where somebody's own services are. */
const privateNetworks = ['127.0.0.0/8', '10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '100.64.0.0/10', '::1/128', 'fc00::/7']

/** What hands a cloud machine its credentials, by addresses that lie inside a private network, or look public. */
const metadataServices = ['100.100.100.200/32', '168.63.129.16/32', 'fd00:ec2::254/128', 'fd20:ce::254/128']

const specialIPv4 = [
  '0.0.0.0/8', // this host on this network; 0.0.0.0 is loopback to most systems
  '169.254.0.0/16', // link-local, and the metadata services of most clouds
  '192.0.0.0/24', // protocol assignments
  '192.0.2.0/24', // documentation
  '192.31.196.0/24', // AS112
  '192.52.193.0/24', // AMT
  '192.88.99.0/24', // 6to4 relays
  '192.175.48.0/24', // AS112
  '198.18.0.0/15', // benchmarks
  '198.51.100.0/24', // documentation
  '203.0.113.0/24', // documentation
  '224.0.0.0/4', // multicast
  '240.0.0.0/4', // reserved, and broadcast
]

/**
 * Global unicast is 2000::/3, less these. Everything outside it is refused without being listed: unspecified, IPv4-mapped and -compatible,
 * NAT64 (64:ff9b::/96 and 64:ff9b:1::/48), discard-only, link-local, site-local, multicast, segment routing, and what was never assigned.
 */
const specialIPv6 = [
  '2001::/23', // protocol assignments: Teredo, ORCHID, benchmarks and their like
  '2001:db8::/32', // documentation
  '2002::/16', // 6to4: an IPv4 address in disguise
  '2620:4f:8000::/48', // AS112
  '3fff::/20', // documentation
]

const isPrivate = listOf(privateNetworks)
const isNever = listOf([...metadataServices, ...specialIPv4, ...specialIPv6])
const isGlobalUnicast = listOf(['2000::/3'])
const isMapped = listOf(['::ffff:0:0/96'])

/** @param address canonical text without brackets, as a resolver or `URL` gives it @throws TypeError for anything else */
export function reachOf(address: string): Reach {
  if (isIP(address) === 0) throw new TypeError(`${JSON.stringify(address)} is not an IP address`)
  // `BlockList` takes ::ffff:127.0.0.1 for 127.0.0.1; nobody has a reason to spell an address so.
  if (isNever(address) || (isIPv6(address) && isMapped(address))) return 'never'
  if (isPrivate(address)) return 'private'
  return isIPv4(address) || isGlobalUnicast(address) ? 'public' : 'never'
}

function listOf(networks: string[]): (address: string) => boolean {
  const list = new BlockList()
  for (const network of networks) {
    const [address = '', prefix] = network.split('/')
    list.addSubnet(address, Number(prefix), isIPv6(address) ? 'ipv6' : 'ipv4')
  }
  return (address) => list.check(address, isIPv6(address) ? 'ipv6' : 'ipv4')
}
