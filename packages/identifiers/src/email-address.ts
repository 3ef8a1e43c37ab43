import { z } from 'zod'
import { toAsciiDomain, toUnicodeDomain } from './domain.ts'
import { lowerCaseAscii } from './lower-case-ascii.ts'

/** RFC 5321, 4.5.3.1, with erratum 1690 of RFC 3696 for the whole address. */
const maxLength = 254
const maxNameLength = 64

/** RFC 5321, 4.1.2. */
const dotAtom = /^[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*$/
const host = /^(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+(?:[a-z]{2,63}|xn--[a-z0-9-]{0,58}[a-z0-9])$/

/** Invisible characters at which mail clients break long addresses, and marks of direction. Joiners stay: domains may have them. */
const pastedInvisible = /[\u00ad\u200b\u200e\u200f\u061c\u202a-\u202e\u2060\u2066-\u2069\ufeff]/g
/** At signs of keyboards for Chinese, Japanese and Korean. */
const otherAtSigns = /[\uff20\ufe6b]/g

/** Splits an address at its last `@`, since a quoted name may contain others. */
function partsOf(address: string): { name: string; domain: string } {
  const at = address.lastIndexOf('@')
  if (at < 0) return { name: '', domain: '' }
  return { name: address.slice(0, at), domain: address.slice(at + 1) }
}

/**
 * Converts an e-mail address to the form in which addresses are compared, stored and used for sending: ASCII in lower case, with the
 * domain in A-labels (RFC 5890). Text that is not an address stays as it is.
 */
export function canonicalEmailAddress(address: string): string {
  const { name, domain } = partsOf(address)
  const asciiDomain = toAsciiDomain(domain)
  return asciiDomain !== undefined && dotAtom.test(name) ? `${lowerCaseAscii(name)}@${asciiDomain}` : address
}

/** Angle brackets around an address, and the scheme of its link. */
const wrapping = /^(?:<(?:mailto:)?(.+)>|mailto:(.+))$/i

/** Converts what a user typed or pasted like {@link canonicalEmailAddress}. */
const fromTyped = (typed: string): string =>
  canonicalEmailAddress(typed.replace(pastedInvisible, '').trim().replace(wrapping, '$1$2').replace(otherAtSigns, '@'))

/** Converts an address of another system like {@link canonicalEmailAddress}, unless its domain is not as registries write it. */
function fromSystem(address: string): string {
  const canonical = canonicalEmailAddress(address)
  const isFaithful = [canonical, displayEmailAddress(canonical)].includes(lowerCaseAscii(address))
  return isFaithful ? canonical : address
}

const example = 'ada@example.com'
const tooLong = `has more than ${maxLength} characters`

/** The API's codes of faults are text here: the catalogue of errors belongs to HTTP. */
const invalid = (message: string) => ({ message, params: { code: 'INVALID_EMAIL', example } })

/** Tells why a text is not an address in canonical form; undefined when it is one. */
function faultOf(address: string): string | undefined {
  const { name, domain } = partsOf(address)
  if (!name || !domain) return `is not an e-mail address, such as ${example}`
  if (name.startsWith('"')) return 'has quotes before the @, which are not supported'
  if (/[^\0-\x7f]/.test(name)) return 'has a letter or sign before the @ that is not one of a–z, which is not supported'
  if (!dotAtom.test(name)) return 'has a character or a dot before the @ that an e-mail address cannot have there'
  if (name.length > maxNameLength) return `has more than ${maxNameLength} characters before the @`
  if (!host.test(domain) || toAsciiDomain(domain) !== domain)
    return 'has no valid domain after the @, such as example.com'
  return address.length > maxLength ? tooLong : undefined
}

function addressSchema(convert: (address: string) => string) {
  return z
    .string()
    .refine((given) => given.length <= 4 * maxLength, { ...invalid(tooLong), abort: true })
    .overwrite(convert)
    .superRefine((address, ctx) => {
      const message = faultOf(address)
      if (message) ctx.addIssue({ code: 'custom', ...invalid(message) })
    })
    .meta({ format: 'email', maxLength: 4 * maxLength })
}

/**
 * Validates an e-mail address from another system and converts it to its canonical form. Spaces around it are refused, and so is a
 * domain that only a mapping makes valid (`\u212Aail.com`): an address with them belongs to another mailbox. Letters outside ASCII
 * before the @ are refused before lower-casing: `mi\u212Ae@` and `mike@` are different mailboxes (RFC 6531).
 */
export const exactEmailAddress = addressSchema(fromSystem)

/**
 * Validates an e-mail address that a user typed or pasted, and converts it to its canonical form. Blanks around it and invisible
 * characters are ignored, and the domain is mapped as browsers do (UTS 46): full-width letters and dots are ordinary ones.
 */
export const emailAddress = addressSchema(fromTyped)

/** Converts a part of an address that a user searches for, such as `@bücher.example`, to the part of canonical addresses. */
export function partOfEmailAddress(typed: string): string {
  const whole = emailAddress.safeParse(typed)
  if (whole.success) return whole.data
  const domainStart = typed.lastIndexOf('@') + 1
  const domain = toAsciiDomain(typed.slice(domainStart))
  return lowerCaseAscii(domain?.includes('xn--') ? typed.slice(0, domainStart) + domain : typed)
}

/** Formats a canonical address for people, with the domain in its own script. It is accepted wherever an address is. */
export function displayEmailAddress(address: string): string {
  const { name, domain } = partsOf(address)
  return domain.includes('xn--') ? `${name}@${toUnicodeDomain(domain)}` : address
}
