import { isIPv6 } from 'node:net'
import { normalizeIP } from '@fastify/rate-limit'
import Bowser from 'bowser'

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
  const normal = normalizeIP(ip, 48)
  return isIPv6(normal) ? `${normal}/48` : `${normal.split('.').slice(0, 3).join('.')}.0/24`
}

/** It is written into mails: what no name of a browser has, goes. */
function presentable(text: string): string | null {
  return text.replace(unspeakable, '').trim().slice(0, maxLength) || null
}
