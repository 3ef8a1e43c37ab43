import * as z from 'zod/mini'

// The Content-Security-Policy forbids code that is made from text. Before any schema.
z.config({ jitless: true })

export { z }

/** A parameter of an address that may be left out. An invalid value is ignored. */
export const maybe = <T>(schema: z.ZodMiniType<T>) => z.catch(z.optional(schema), undefined)
