import Bowser from 'bowser'
import { networkOfBits } from './client-address.ts'

const maxLength = 100
const unsafeInMail = /[\p{C}<>]/gu

/** `program` is no browser: a script, or the app of a phone. */
export const deviceKinds = ['desktop', 'mobile', 'tablet', 'tv', 'bot', 'program', 'unknown'] as const
type DeviceKind = (typeof deviceKinds)[number]

/** The description of a device by its user agent, which may be invented. */
export type Device = { browser: string | null; os: string | null; kind: DeviceKind; label: string }

const unknownDevice: Device = { browser: null, os: null, kind: 'unknown', label: 'Unknown device' }
/** Names that every browser sends, so that they identify none. */
const emptyNames = new Set(['', 'Mozilla'])

/** Reads a user agent: the browser and the operating system without their versions, and both in words. */
export function deviceOf(userAgent: string | null | undefined): Device {
  if (!userAgent) return unknownDevice
  const parser = Bowser.getParser(userAgent)
  // The library also takes a version and what follows for a name: `Tasks/12 CFNetwork`.
  const known = presentable(parser.getBrowserName()?.split('/', 1)[0])
  const ownName = userAgent.split(/[/\s(;]/, 1)[0] ?? ''
  const browser = known ?? (emptyNames.has(ownName) ? null : presentable(ownName))
  const os = presentable(parser.getOSName())
  return {
    browser,
    os,
    kind: kindOf(parser.getPlatformType(), { userAgent, browser, os }),
    label: labelOf(browser, os),
  }
}

function kindOf(platform: string, given: { userAgent: string; browser: string | null; os: string | null }): DeviceKind {
  if (isKind(platform)) return platform
  // A system that the library knows without its form, such as Chrome OS.
  if (given.os !== null && given.userAgent.startsWith('Mozilla/')) return 'desktop'
  return given.browser === null ? 'unknown' : 'program'
}

const isKind = (name: string): name is DeviceKind => (deviceKinds as readonly string[]).includes(name)

function labelOf(browser: string | null, os: string | null): string {
  if (browser === null) return os === null ? unknownDevice.label : `A browser on ${os}`
  return os === null ? browser : `${browser.replace(` for ${os}`, '')} on ${os}`
}

/** Returns the browser's name without its version, e.g. `Firefox` or `curl`; null when it is not known. */
export const browserFamily = (userAgent: string | undefined): string | null => deviceOf(userAgent).browser

/** Returns the browser and its operating system, e.g. `Firefox on Windows`; null when neither is known. */
export function deviceName(userAgent: string | undefined): string | null {
  const device = deviceOf(userAgent)
  return device.browser === null && device.os === null ? null : device.label
}

/** Returns the network of an address: /24 of IPv4, /48 of IPv6, which one provider or site owns. */
export function networkOf(ip: string): string {
  const { firstAddress, bits } = networkOfBits(ip, { ipv4Bits: 24, ipv6Bits: 48 })
  return `${firstAddress}/${bits}`
}

/** Removes characters that no browser's name has, because mails contain the text; null when nothing is left. */
function presentable(text: string | undefined): string | null {
  return (text ?? '').replace(unsafeInMail, '').trim().slice(0, maxLength) || null
}
