import type { z } from 'zod'

/**
 * Reads JSON that comes from where another release, or anybody else, may have written it: a cursor, a cookie, Redis.
 * @returns what the schema makes of it; undefined for text that is no such JSON
 */
export function readJson<S extends z.ZodType>(schema: S, text: string): z.output<S> | undefined {
  try {
    return schema.safeParse(JSON.parse(text)).data
  } catch {
    return undefined
  }
}
