import { z } from 'zod'
import type { HeaderName } from './headers.ts'

type AnswerDoc = { description: string; headers?: readonly HeaderName[]; example?: object }

const docs = z.registry<AnswerDoc>()

/** Documents a response: what it tells, and the headers that it has beside the common ones. */
export function answer<T extends z.ZodType>(schema: T, description: string, ...headers: HeaderName[]): T {
  const copy = schema.clone()
  docs.add(copy, { description, headers })
  return copy
}

/** Adds to the documentation of a response what its example has other than the examples of its properties. */
export function withExample<T extends z.ZodType>(schema: T, example: object): T {
  const copy = schema.clone()
  docs.add(copy, { ...answerDocOf(schema, ''), example })
  return copy
}

/** Response to a caller whose version is current, without content. */
export const notModified = answer(z.null(), 'The caller has the current version.', 'ETag')

const byStatus: Record<string, string> = {
  200: 'Done.',
  201: 'Created.',
  202: 'Accepted; the rest happens shortly after.',
  302: 'Sends the browser to another page.',
}

/** Returns the description and the headers of a response. */
export const answerDocOf = (schema: z.ZodType, status: string): AnswerDoc =>
  docs.get(schema) ?? { description: schema.description ?? byStatus[status] ?? 'Done.' }
