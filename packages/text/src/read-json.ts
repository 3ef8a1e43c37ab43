import type { z } from 'zod'

/**
 * Parses JSON from an untrusted source, or one that another release may have written: a cursor, a cookie, Redis.
 * @returns the schema's output; undefined for text that is not JSON or does not match the schema
 */
export function readJson<S extends z.ZodType>(schema: S, text: string): z.output<S> | undefined {
  try {
    return schema.safeParse(JSON.parse(text)).data
  } catch {
    return undefined
  }
}
