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
  description: 'Finds all that the request caused, on the server; also in the header `X-Request-Id`.',
  examples: ['019c5d1e-6c50-7c3a-9d53-3a4b8a1f7a10'],
})

const allCodes = Object.keys(catalogue) as [ErrorCode, ...ErrorCode[]]
const codesOfSchema = new WeakMap<object, readonly ErrorCode[]>()

/** Returns the schema of an error with one of these codes. */
export function errorSchema(given: readonly ErrorCode[]) {
  const codes = given.toSorted((one, other) => allCodes.indexOf(one) - allCodes.indexOf(other))
  const schema = envelopeOf(z.enum(codes as [ErrorCode, ...ErrorCode[]]))
  codesOfSchema.set(schema, codes)
  return schema
}

const envelopeOf = <Code extends z.ZodType>(code: Code) =>
  z.object({
    success: z.literal(false).describe('False for every error.'),
    message: z.string().meta({
      description: 'A sentence for the user: what happened, and what to do.',
      examples: [catalogue.INTERNAL.message],
    }),
    error: z
      .object({
        code,
        requestId,
        details: z.array(errorDetail).optional().describe('Each fault of the request, by its place.'),
      })
      .describe('What went wrong.'),
  })

const anyCode = z
  .enum(allCodes)
  .meta({ id: 'ErrorCode', description: 'What programs decide by. A later release may add codes.' })
const apiError = envelopeOf(anyCode).meta({
  id: 'ApiError',
  description: 'Any error; each error of one code extends it.',
})

/** The component of each code, `NotFoundError`: its name stays when an operation gets another code. */
const components = new Map(
  allCodes.map((code) => {
    const own = z.object({
      error: z.object({ code: z.literal(code).describe('What programs decide by.') }).describe('What went wrong.'),
    })
    return [code, z.intersection(apiError, own).meta({ id: nameOf(code), description: catalogue[code].message })]
  }),
)

/** Returns the schemas of the document for an error with one of these codes: one component for each code. */
export const documentedErrors = (codes: readonly ErrorCode[]): z.ZodType[] =>
  codes.flatMap((code) => components.get(code) ?? [])

/** Names the error of a code: `NotFoundError`. */
function nameOf(code: ErrorCode): string {
  const words = code.toLowerCase().replace(/(^|_)([a-z])/g, (_match, _gap, letter: string) => letter.toUpperCase())
  return `${words}Error`
}
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
