import { isIP } from 'node:net'
import ipaddr from 'ipaddr.js'

type Address = ipaddr.IPv4 | ipaddr.IPv6

/** A network of addresses: those that share its first `bits` bits. */
export type ProxyRange = { network: Address; bits: number }

/** The client of a request: its address `ip`, and the `hops` from the peer of the connection to it. */
export type ClientAddress = { ip: string; hops: { address: string; isTrustedProxy: boolean }[] }

/** The address of a peer that disconnected before its address was read (RFC 1122, 3.2.1.3). */
const unspecified = ipaddr.parse('0.0.0.0')
/** No written address is longer; a client can send as much as the headers hold. */
const maxHopLength = 100
/** Names in ipaddr.js of the IPv6 ranges whose last 32 bits are an IPv4 address. */
const translatedRanges: ReadonlySet<string> = new Set(['rfc6052', 'rfc6145'])
/** The forms that proxies write: `[v6]`, `[v6]:port`, `v4:port`, or the address alone. */
const hopForms = /^(?:\[([^[\]]+)\](?::\d{0,5})?|([^:[\]]+):\d{0,5}|([^[\]]+))$/

/**
 * Resolves the client of a request. Reads `X-Forwarded-For` from the right for as long as the hop that wrote an element
 * is a trusted proxy. An element that is not an address (`unknown`, a name, empty) ends the search: the client is then
 * the last trusted proxy, because any client can write the elements further left.
 * @param peer the address at the other end of the connection; undefined after it disconnected
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

/**
 * Returns the key under which limits count an address: IPv4 as it is, IPv6 by its /64, which one household or server owns. A
 * translator maps all of IPv4 into one /96 (RFC 6052, RFC 6145): its clients count by their IPv4 addresses.
 */
export const addressKey = (ip: string) => networkOfBits(ip, { ipv4Bits: 32, ipv6Bits: 64 }).firstAddress

/** Returns the network of an address with the given prefix length; IPv4 inside IPv6 counts as IPv4. */
export function networkOfBits(ip: string, { ipv4Bits, ipv6Bits }: { ipv4Bits: number; ipv6Bits: number }) {
  const written = ipaddr.process(ip)
  const address = translatedRanges.has(written.range()) ? new ipaddr.IPv4(written.toByteArray().slice(-4)) : written
  const bits = address.kind() === 'ipv4' ? ipv4Bits : ipv6Bits
  return { firstAddress: networkAddress(address, bits).toString(), bits }
}

/** Returns the first address of the network with this prefix length. */
export const networkAddress = (address: Address, bits: number): Address =>
  (address instanceof ipaddr.IPv4 ? ipaddr.IPv4 : ipaddr.IPv6).networkAddressFromCIDR(`${address}/${bits}`)

/**
 * Parses one address in any form that a proxy or a socket writes, and drops port, zone and quotes, so that equal addresses
 * have equal text (RFC 5952). IPv4 inside IPv6 (`::ffff:192.0.2.1`) becomes IPv4. Returns undefined for any other text,
 * also for the short, octal and hexadecimal IPv4 that `inet_aton` accepts.
 */
function readAddress(text: string): Address | undefined {
  if (text.length > maxHopLength) return undefined
  const bare = text.trim().replace(/^"(.*)"$/, '$1')
  const [, inBrackets, beforePort, alone] = hopForms.exec(bare) ?? []
  const host = inBrackets ?? beforePort ?? alone ?? ''
  return isIP(host) === 0 ? undefined : ipaddr.process(host.replace(/%.*$/, ''))
}
