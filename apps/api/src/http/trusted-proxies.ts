import { isIP } from 'node:net'
import { csv } from '@muster/config'
import ipaddr from 'ipaddr.js'
import { networkAddress, type ProxyRange } from './client-address.ts'

const mappedBits = 96

/** Named ranges. */
const namedRanges = new Map([
  ['loopback', ['127.0.0.0/8', '::1']],
  ['linklocal', ['169.254.0.0/16', 'fe80::/10']],
  ['uniquelocal', ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', 'fc00::/7']],
])

/** Schema of the environment variable that lists trusted proxies: ranges, separated by commas. */
export const trustedProxies = () =>
  csv().superRefine((entries, ctx) => {
    for (const [index, entry] of entries.entries()) {
      const ranges = readProxy(entry)
      // Names the position and not the entry, which may be a secret that was set by mistake.
      if (typeof ranges === 'string') ctx.addIssue(`entry ${index + 1} ${ranges}`)
    }
  })

/** Parses the entries that {@link trustedProxies} accepted. @throws Error when an entry is not a range */
export function proxyRanges(entries: readonly string[]): ProxyRange[] {
  return entries.flatMap((entry, index) => {
    const ranges = readProxy(entry)
    if (typeof ranges === 'string') throw new Error(`Trusted proxies: entry ${index + 1} ${ranges}.`)
    return ranges
  })
}

/** Creates a test whether an address is one of trusted proxies. @throws Error when an entry is not a range */
export function isTrustedProxy(entries: readonly string[]): (ip: string) => boolean {
  const ranges = proxyRanges(entries)
  return (ip) => {
    const address = ipaddr.process(ip)
    return ranges.some(({ network, bits }) => network.kind() === address.kind() && address.match(network, bits))
  }
}

/** Returns the ranges of an entry, or the reason why it is not a range. */
function readProxy(entry: string): ProxyRange[] | string {
  const named = namedRanges.get(entry)
  if (named) return proxyRanges(named)
  const [host = '', prefix, ...more] = entry.split('/')
  if (host.includes('%')) return 'has a zone; write the address without it'
  if (isIP(host) === 0 || more.length > 0)
    return `is no IP address, no CIDR range and none of ${[...namedRanges.keys()].join(', ')}`
  const address = ipaddr.parse(host)
  const maxBits = address.kind() === 'ipv4' ? 32 : 128
  const bits = prefix === undefined ? maxBits : /^\d{1,3}$/.test(prefix) ? Number(prefix) : Number.NaN
  if (!(bits <= maxBits)) return `has no prefix length from 1 to ${maxBits} after its slash`
  const network = networkAddress(address, bits)
  if (network.toString() !== address.toString())
    return `has bits behind its prefix; write ${network}/${bits} for the network, or ${address} for the one address`
  const isMapped = address instanceof ipaddr.IPv6 && address.isIPv4MappedAddress()
  const range = isMapped ? { network: address.toIPv4Address(), bits: bits - mappedBits } : { network: address, bits }
  return range.bits < 1 ? 'trusts everybody; name the addresses of your proxies' : [range]
}
