import { z } from 'zod'
import { pagination } from './pagination.ts'

export { answer, notModified, withExample } from './openapi/answer.ts'
export { errors } from './openapi/errors.ts'

/** Returns the envelope of a success. */
export const ok = <T>(data: T, message?: string) => ({ success: true as const, ...(message && { message }), data })

const success = z.literal(true).describe('True for every success.')
const message = z.string().describe('A sentence for the user.')

const described = <T extends z.ZodType>(data: T): T => (data.description ? data : data.describe('The result.'))

/** Returns the schema of a success with this data. */
export const replyOf = <T extends z.ZodType>(data: T) =>
  z.object({ success, message: message.optional(), data: described(data) })

/** Returns the schema of a page of a list. */
export const pageReplyOf = <T extends z.ZodType>(data: T) =>
  replyOf(data).extend({ pagination: pagination.describe('The place of the page in the list.') })

/** Returns the schema of a success that has this message and no data. */
export const messageReplyOf = (example: string) => z.object({ success, message: message.meta({ examples: [example] }) })
/** Returns a success that has a message and no data. */
export const okMessage = (message: string) => ({ success: true as const, message })
