import type { ErrorDetail } from '@muster/errors'
import type { FastifySchemaCompiler } from 'fastify'
import type { z } from 'zod'
import { detailsOfIssues, houseSentence } from './details-of-issues.ts'

const places: Record<string, string> = { querystring: 'query' }

/** A request that the schema of its route refuses. `error-answer.ts` maps it to VALIDATION_FAILED. */
export class InvalidRequestError extends Error {
  readonly details: ErrorDetail[]

  constructor(details: ErrorDetail[]) {
    super('The request does not match the schema of its route')
    this.name = 'InvalidRequestError'
    this.details = details
  }
}

/** Compiles a route's schema to the function by which Fastify validates one part of a request. */
export const validatorCompiler: FastifySchemaCompiler<z.ZodType> = ({ schema, httpPart = 'body' }) => {
  const place = places[httpPart] ?? httpPart
  return (given: unknown) => {
    const { data, error } = schema.safeParse(given, { error: houseSentence, reportInput: true })
    if (error) return { error: new InvalidRequestError(detailsOfIssues(error.issues, place, given)) }
    return httpPart === 'headers' && areAsReceived(data, given) ? {} : { value: data }
  }
}

/** Tells whether a schema changed no header. Fastify merges a change into a new object whenever something reads a header. */
const areAsReceived = (read: unknown, given: unknown) =>
  Object.entries(read as object).every(([name, value]) => value === (given as Record<string, unknown>)[name])
