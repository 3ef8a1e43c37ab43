import type { KeyRing } from '@muster/security/key-ring'
import { z } from 'zod'
import { fingerprintOf } from './shared-keys.ts'

const minKeyBytes = 32

/** Parses a key ring `id:base64[,id:base64…]`. The first key is current; each has at least 32 bytes. */
export const keyRing = () =>
  z.string().transform((text, ctx): KeyRing => {
    const keys = new Map<string, Buffer>()
    const idsByFingerprint = new Map<string, string>()
    for (const part of text.split(',').map((entry) => entry.trim())) {
      const [, id, base64] = /^([a-z0-9_-]{1,16}):([A-Za-z0-9+/]+={0,2})$/.exec(part) ?? []
      const key = Buffer.from(base64 ?? '', 'base64')
      if (!id || keys.has(id))
        ctx.addIssue(id ? `the key id "${id}" is used twice` : 'write it as id:base64[,id:base64…]')
      else if (key.length < minKeyBytes)
        ctx.addIssue(`the key "${id}" has ${key.length} bytes; it needs ${minKeyBytes}`)
      else {
        const twin = idsByFingerprint.get(fingerprintOf(key))
        if (twin) ctx.addIssue(`"${twin}" and "${id}" are the same key; each id needs a key of its own`)
        idsByFingerprint.set(fingerprintOf(key), id)
        keys.set(id, key)
      }
    }
    const [currentId] = keys.keys()
    return { currentId: currentId ?? '', keys }
  })

/** Parses a whole number within bounds, written in decimal digits. */
export function int(bounds: { min: number; max: number }): z.ZodType<number>
export function int(bounds: { min: number; max: number; default: number }): z.ZodDefault<z.ZodType<number>>
export function int({ min, max, default: fallback }: { min: number; max: number; default?: number }) {
  const field: z.ZodType<number> = z.string().transform((text, ctx) => {
    const value = /^\s*\d{1,16}\s*$/.test(text) ? Number(text) : Number.NaN
    if (!(value >= min && value <= max)) ctx.addIssue(`is not a whole number from ${min} to ${max}`)
    return value
  })
  return fallback === undefined ? field : field.default(fallback)
}

/** Parses one of several words. */
export const oneOf = <const T extends readonly string[]>(words: T) => z.enum(words, `is not one of ${words.join(', ')}`)

/** Parses `true` or `false`. */
export const flag = (fallback: boolean) => optionalFlag().default(fallback)

/** Parses `true` or `false`, for a variable whose default depends on others. */
export const optionalFlag = () =>
  z.stringbool({ truthy: ['true', '1', 'yes'], falsy: ['false', '0', 'no'], error: 'is neither true nor false' })

/** Parses an `http` or `https` URL without credentials, query and fragment. A slash at the end is removed. */
export const httpUrl = () =>
  z.string().transform((text, ctx) => {
    const url = parseHttpUrl(text)
    if (!url) ctx.addIssue('is not an address that begins with https:// (or http://), such as https://app.example.com')
    else if (url.search || url.hash || url.username || url.password)
      ctx.addIssue('has a query, a fragment or a password; write the address alone, such as https://app.example.com')
    return url ? url.href.replace(/\/+$/, '') : ''
  })

/** Parses the address of a server that is alone on its host, so that no path belongs to it. */
export const originUrl = () =>
  httpUrl().refine(
    (text) => !text || new URL(text).origin === text,
    'has a path; write scheme, host and port alone, such as https://api.example.com: the API has its host to itself',
  )

const parseHttpUrl = (text: string) => {
  const url = /^\s*https?:\/\//i.test(text) ? URL.parse(text) : null
  return url?.hostname ? url : undefined
}

/** Parses a comma-separated list; empty when unset. */
export const csv = () =>
  z
    .string()
    .default('')
    .transform((text) =>
      text
        .split(',')
        .map((entry) => entry.trim())
        .filter(Boolean),
    )
