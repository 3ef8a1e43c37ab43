import Bowser from 'bowser'
import { networkOfBits } from './client-address.ts'

const maxLength = 100
const unsafeInMail = /[\p{C}<>]/gu

/** Returns the browser's name without its version, e.g. `Firefox` or `curl`; null without a user agent. */
export function browserFamily(userAgent: string | undefined): string | null {
  if (!userAgent) return null
  const known = Bowser.getParser(userAgent).getBrowserName()
  return presentable(known || (userAgent.split(/[/\s(;]/, 1)[0] ?? ''))
}

/** Returns the browser and its operating system, e.g. `Firefox on Windows`; null without a user agent. */
export function deviceName(userAgent: string | undefined): string | null {
  const browser = browserFamily(userAgent)
  if (!userAgent || browser === null) return null
  const system = Bowser.getParser(userAgent).getOSName()
  return presentable(system ? `${browser} on ${system}` : browser)
}

/** Returns the network of an address: /24 of IPv4, /48 of IPv6, which one provider or site owns. */
export function networkOf(ip: string): string {
  const { firstAddress, bits } = networkOfBits(ip, { ipv4Bits: 24, ipv6Bits: 48 })
  return `${firstAddress}/${bits}`
}

/** Removes characters that no browser's name has, because mails contain the text; null when nothing is left. */
function presentable(text: string): string | null {
  return text.replace(unsafeInMail, '').trim().slice(0, maxLength) || null
}
