import { catalogue, detailCodes, type ErrorCode } from '@muster/errors'
import { z } from 'zod'

type StatusOf<Code extends ErrorCode> = (typeof catalogue)[Code]['status']

/** Schema of one fault of a request; an error has one for each path. */
export const errorDetail = z
  .object({
    path: z.string().meta({ description: 'The place in the request.', examples: ['body.email'] }),
    code: z
      .enum(detailCodes)
      .meta({ id: 'ErrorDetailCode', description: 'What is wrong there. A later release may add codes.' }),
    params: z
      .record(z.string(), z.unknown())
      .meta({ description: 'The values that the sentence names, for translations.', examples: [{ min: 3, max: 200 }] }),
    message: z.string().meta({ description: 'The same as a sentence, for the user.', examples: ['is required'] }),
  })
  .meta({ id: 'ErrorDetail', description: 'One fault of the request.' })

const requestId = z.string().meta({
  description: 'Finds the request in the log of the server; also in the header `X-Request-Id`.',
  examples: ['5f0c2f6e-8f43-4b9a-9d53-3a4b8a1f7a10'],
})

const order = Object.keys(catalogue)
const bySet = new Map<string, ReturnType<typeof createErrorSchema>>()
const codesOfSchema = new WeakMap<object, readonly ErrorCode[]>()

/** Returns the schema of an error with one of these codes; the same one for the same codes. */
export function errorSchema(given: readonly ErrorCode[], name = nameOf(given)) {
  const codes = given.toSorted((one, other) => order.indexOf(one) - order.indexOf(other))
  const known = bySet.get(name)
  if (known) return known
  const schema = createErrorSchema(codes, name)
  bySet.set(name, schema)
  codesOfSchema.set(schema, codes)
  return schema
}

/** Names the error of some codes: `NotFoundError`, `UnauthenticatedOrSessionRevokedError`. */
const nameOf = (codes: readonly ErrorCode[]) =>
  `${codes
    .toSorted((one, other) => order.indexOf(one) - order.indexOf(other))
    .map((code) => code.toLowerCase().replace(/(^|_)([a-z])/g, (_match, _gap, letter: string) => letter.toUpperCase()))
    .join('Or')}Error`

const createErrorSchema = (codes: readonly ErrorCode[], id: string) =>
  z
    .object({
      success: z.literal(false).describe('False for every error.'),
      message: z.string().meta({
        description: 'A sentence for the user: what happened, and what to do.',
        examples: codes.slice(0, 1).map((code) => catalogue[code].message),
      }),
      error: z
        .object({
          code: z.enum(codes as [ErrorCode, ...ErrorCode[]]).meta({ description: 'What programs decide by.' }),
          requestId,
          details: z.array(errorDetail).optional().describe('Each fault of the request, by its place.'),
        })
        .describe('What went wrong.'),
    })
    .meta({ id, description: describeCodes(codes) })
type ErrorSchema = ReturnType<typeof errorSchema>

/**
 * Declares the errors of a route by their codes, grouped by status: `response: { 200: …, ...errors('NOT_FOUND', 'STALE') }`.
 * Errors that a route has by its kind, such as `UNAUTHENTICATED`, need no declaration (`common-errors.ts`).
 */
export function errors<Code extends ErrorCode>(...codes: Code[]): { [C in Code as StatusOf<C>]: ErrorSchema } {
  const byStatus = Map.groupBy(codes, (code) => catalogue[code].status)
  return Object.fromEntries([...byStatus].map(([status, group]) => [status, errorSchema(group)])) as {
    [C in Code as StatusOf<C>]: ErrorSchema
  }
}

/** Returns the codes of an error's schema; undefined for any other schema. */
export const codesOf = (schema: object): readonly ErrorCode[] | undefined => codesOfSchema.get(schema)

/** Describes when each of the codes is the answer, by the sentences of the catalogue. */
export const describeCodes = (codes: readonly ErrorCode[]): string =>
  codes.map((code) => `\`${code}\`: ${catalogue[code].message}`).join('\n\n')
