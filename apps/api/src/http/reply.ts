import { catalogue, type ErrorCode } from '@muster/errors'
import { z } from 'zod'

/** Returns the envelope of a success. */
export const ok = <T>(data: T, message?: string) => ({ success: true as const, ...(message && { message }), data })

/** Returns the schema of a success with this data. */
export const replyOf = <T extends z.ZodType>(data: T) =>
  z.object({ success: z.literal(true), message: z.string().optional(), data })

/** Schema of a success that has a message and no data. */
export const messageReply = z.object({ success: z.literal(true), message: z.string() })
/** Returns a success that has a message and no data. */
export const okMessage = (message: string) => ({ success: true as const, message })

/** Schema of every error. */
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

/** Schema of the pagination by page number. */
export const pageInfo = z.object({
  page: z.int(),
  limit: z.int(),
  total: z.int(),
  totalPages: z.int(),
  nextCursor: z.string().nullable(),
})
/** Schema of the pagination by cursor. */
export const cursorInfo = z.object({ limit: z.int(), nextCursor: z.string().nullable() })

/** Schema of an instant in a response: ISO 8601, UTC, milliseconds. */
export const instant = z.iso.datetime()
