import Bowser from 'bowser'
import { networkOfBits } from './client-address.ts'

const maxLength = 100
const unspeakable = /[\p{C}<>]/gu

/** The browser's name without its version, e.g. `Firefox` or `curl`; null when the client did not tell. */
export function browserFamily(userAgent: string | undefined): string | null {
  if (!userAgent) return null
  const known = Bowser.getParser(userAgent).getBrowserName()
  return presentable(known || (userAgent.split(/[/\s(;]/, 1)[0] ?? ''))
}

/** A browser and what it runs on in a person's words, e.g. `Firefox on Windows`; null when the client did not tell. */
export function deviceName(userAgent: string | undefined): string | null {
  const browser = browserFamily(userAgent)
  if (!userAgent || browser === null) return null
  const system = Bowser.getParser(userAgent).getOSName()
  return presentable(system ? `${browser} on ${system}` : browser)
}

/** The network that an address belongs to: /24 of IPv4, /48 of IPv6, which one provider or site owns. */
export function networkOf(ip: string): string {
  const { firstAddress, bits } = networkOfBits(ip, { ipv4Bits: 24, ipv6Bits: 48 })
  return `${firstAddress}/${bits}`
}

/** It is written into mails: what no name of a browser has, goes. */
function presentable(text: string): string | null {
  return text.replace(unspeakable, '').trim().slice(0, maxLength) || null
}
