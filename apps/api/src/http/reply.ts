import { catalogue, type ErrorCode } from '@muster/errors'
import { z } from 'zod'

/** The envelope of every success. */
export const ok = <T>(data: T, message?: string) => ({ success: true as const, ...(message && { message }), data })

/** The schema of a success with this data. */
export const replyOf = <T extends z.ZodType>(data: T) =>
  z.object({ success: z.literal(true), message: z.string().optional(), data })

/** The schema of a success that only has something to say. */
export const messageReply = z.object({ success: z.literal(true), message: z.string() })
export const said = (message: string) => ({ success: true as const, message })

/** The schema of every error. */
export const errorReply = z
  .object({
    success: z.literal(false),
    message: z.string(),
    error: z.object({
      code: z.enum(Object.keys(catalogue) as [ErrorCode, ...ErrorCode[]]),
      requestId: z.string(),
      details: z.array(z.object({ path: z.string(), message: z.string() })).optional(),
    }),
  })
  .meta({ id: 'Error' })

/** A page by number: `total` is exact. */
export const pageInfo = z.object({
  page: z.int(),
  limit: z.int(),
  total: z.int(),
  totalPages: z.int(),
  nextCursor: z.string().nullable(),
})
/** A page by cursor. */
export const cursorInfo = z.object({ limit: z.int(), nextCursor: z.string().nullable() })

/** An instant on the wire: ISO 8601, UTC, milliseconds. */
export const instant = z.iso.datetime()
