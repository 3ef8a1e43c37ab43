import { isIP } from 'node:net'
import ipaddr from 'ipaddr.js'

type Address = ipaddr.IPv4 | ipaddr.IPv6

/** Addresses that share their first bits with a network. */
export type ProxyRange = { network: Address; bits: number }

/** Where a request comes from: `ip` is the client, `hops` lead from the peer to it. */
export type ClientAddress = { ip: string; hops: { address: string; isTrustedProxy: boolean }[] }

/** Stands for a peer that was gone before it was asked for its address (RFC 1122, 3.2.1.3). */
const unspecified = ipaddr.parse('0.0.0.0')
/** No form of an address is longer; a client may write as much as headers hold. */
const maxHopLength = 100
/** `[v6]`, `[v6]:port`, `v4:port`, or the address alone: proxies write each of them. */
const hopForms = /^(?:\[([^[\]]+)\](?::\d{0,5})?|([^:[\]]+):\d{0,5}|([^[\]]+))$/

/**
 * Resolves the client of a request: walks `X-Forwarded-For` from the right for as long as the hop that wrote an element is
 * a trusted proxy. An element that is no address (`unknown`, a name, nothing) ends the walk: the client is then the last
 * trusted proxy, because what stands further left may be anybody's invention.
 * @param peer the address at the other end of the connection; undefined when it is gone
 */
export function resolveClientAddress(
  peer: string | undefined,
  forwardedFor: string | string[] | undefined,
  trustedProxies: readonly ProxyRange[],
): ClientAddress {
  const isTrusted = (address: Address) =>
    trustedProxies.some(({ network, bits }) => network.kind() === address.kind() && address.match(network, bits))
  let rest: string | undefined = forwardedFor?.toString()
  let address = readAddress(peer ?? '') ?? unspecified
  const hops: ClientAddress['hops'] = []
  for (;;) {
    const isTrustedProxy = isTrusted(address)
    hops.push({ address: address.toString(), isTrustedProxy })
    if (!isTrustedProxy || rest === undefined) break
    const comma: number = rest.lastIndexOf(',')
    const next = readAddress(rest.slice(comma + 1))
    if (!next) break
    address = next
    rest = comma === -1 ? undefined : rest.slice(0, comma)
  }
  return { ip: address.toString(), hops }
}

/** The key under which an address counts: IPv4 as it is, IPv6 by its /64, which one household or server owns. */
export const addressKey = (ip: string) => networkOfBits(ip, { ipv4Bits: 32, ipv6Bits: 64 }).firstAddress

/** The network of so many bits that an address belongs to; IPv4 inside IPv6 is IPv4. */
export function networkOfBits(ip: string, { ipv4Bits, ipv6Bits }: { ipv4Bits: number; ipv6Bits: number }) {
  const address = ipaddr.process(ip)
  const bits = address.kind() === 'ipv4' ? ipv4Bits : ipv6Bits
  return { firstAddress: networkAddress(address, bits).toString(), bits }
}

/** The first address of the network of so many bits. */
export const networkAddress = (address: Address, bits: number): Address =>
  (address instanceof ipaddr.IPv4 ? ipaddr.IPv4 : ipaddr.IPv6).networkAddressFromCIDR(`${address}/${bits}`)

/**
 * Reads one address in any form that a proxy or a socket writes it, without port, zone and quotes, so that one address is
 * one text (RFC 5952). IPv4 inside IPv6 (`::ffff:192.0.2.1`) is IPv4. Undefined for all else, also for the short, octal and
 * hexadecimal IPv4 that `inet_aton` takes.
 */
function readAddress(text: string): Address | undefined {
  if (text.length > maxHopLength) return undefined
  const bare = text.trim().replace(/^"(.*)"$/, '$1')
  const [, inBrackets, beforePort, alone] = hopForms.exec(bare) ?? []
  const host = inBrackets ?? beforePort ?? alone ?? ''
  return isIP(host) === 0 ? undefined : ipaddr.process(host.replace(/%.*$/, ''))
}
