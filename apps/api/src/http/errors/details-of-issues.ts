import {
  type DetailCode,
  detailCodes,
  type ErrorDetail,
  type Fault,
  type FaultArguments,
  faultOf,
} from '@muster/errors'
import type { z } from 'zod'

type Issue = z.core.$ZodIssue
type RawIssue = z.core.$ZodRawIssue

/** Bounds what a name from the request, such as an unknown key, adds to the response. */
const maxTextLength = 300
export const exampleInstant = '2026-11-20T09:30:00+01:00'
export const exampleDate = '2026-11-20'
const exampleId = '0199f3a0-5c1e-7d3b-9a44-2f6b8c0d1e57'

/** The fault of a schema's own rule: `.refine(isGood, rule('RESERVED'))`. */
export function rule<Code extends DetailCode>(name: Code, ...given: FaultArguments<Code>) {
  const { code, params, message } = faultOf(name, ...given)
  return { error: message, params: { code, ...params } }
}

/** Adds a fault of a rule of several fields to the field that it concerns. */
export const issueOf = (path: string[], { code, params, message }: Fault) => ({
  code: 'custom' as const,
  path,
  message,
  params: { code, ...params },
})

/** Words zod's own issues in the sentences of the API: zod's defaults never reach a client. */
export const houseSentence = (issue: RawIssue): string => builtInFault(issue as unknown as Issue).message

/**
 * Converts what a schema refused to details, one for each fault of each field.
 * @param place where the value stood in the request: `body`, `query` …
 */
export function detailsOfIssues(issues: readonly Issue[], place: string, given: unknown): ErrorDetail[] {
  return issues.flatMap((issue) => detailsOfIssue(issue, [], { place, given }))
}

type Request = { place: string; given: unknown }

function detailsOfIssue(issue: Issue, parent: PropertyKey[], request: Request): ErrorDetail[] {
  const path = [...parent, ...issue.path]
  // Lists are separated by commas, so an array in the query means that the caller repeated the name.
  if (request.place === 'query' && Array.isArray(valueAt(request.given, path.slice(0, 1))))
    return [at(request, path.slice(0, 1), faultOf('REPEATED'))]
  if (request.place === 'query') path.splice(1)
  if (issue.code === 'unrecognized_keys')
    return issue.keys.map((key) => at(request, [...path, key], faultOf('UNKNOWN_KEY')))
  if (issue.code === 'invalid_key' || issue.code === 'invalid_element')
    return issue.issues.flatMap((inner) => detailsOfIssue(inner, path, request))
  if (issue.code !== 'custom' && valueAt(request.given, path) === undefined)
    return [at(request, path, faultOf('REQUIRED'))]
  if (issue.code === 'invalid_union' && issue.errors.length > 0)
    return nearest(issue.errors).flatMap((inner) => detailsOfIssue(inner, path, request))
  return [at(request, path, { ...faultOfIssue(issue), message: issue.message })]
}

/** Returns the issues of the alternative that the value resembles most: the one whose faults lie deepest and are fewest. */
function nearest(alternatives: readonly (readonly Issue[])[]): readonly Issue[] {
  const depth = (issues: readonly Issue[]) => Math.max(...issues.map(({ path }) => path.length))
  const [best] = alternatives.toSorted((one, other) => depth(other) - depth(one) || one.length - other.length)
  return best ?? []
}

function at({ place }: Request, path: PropertyKey[], { code, params, message }: Fault): ErrorDetail {
  const text = [place, ...path].map(String).join('.')
  return { path: text.slice(0, maxTextLength), code, params, message: message.slice(0, maxTextLength) }
}

function faultOfIssue(issue: Issue): Fault {
  if (issue.code !== 'custom') return builtInFault(issue)
  const { code, ...params } = issue.params ?? {}
  return isDetailCode(code) ? { code, params, message: issue.message } : faultOf('INVALID', {}, issue.message)
}

const isDetailCode = (code: unknown): code is DetailCode => (detailCodes as readonly unknown[]).includes(code)

/** Returns the fault that a rule of zod reports. A minimum and a maximum of a text are counted in characters. */
function builtInFault(issue: Issue): Fault {
  switch (issue.code) {
    case 'invalid_type':
      return wrongType(typeOf(issue), issue.input)
    case 'invalid_value':
      return isOfTypeOf(issue.values, issue.input)
        ? faultOf('NOT_ONE_OF', { options: issue.values })
        : wrongType(typeof issue.values[0], issue.input)
    case 'too_big':
      return tooMuch(issue.origin, Number(issue.maximum))
    case 'too_small':
      return tooLittle(issue.origin, Number(issue.minimum))
    case 'invalid_format':
      return formatFault(issue)
    case 'invalid_union':
      return 'options' in issue && issue.options
        ? faultOf('NOT_ONE_OF', { options: issue.options })
        : faultOf('INVALID')
    default:
      return faultOf('INVALID')
  }
}

const wrongType = (expected: string, given: unknown) =>
  faultOf('WRONG_TYPE', { expected, ...(given === null && { isNull: true }) })

const isOfTypeOf = (values: readonly unknown[], given: unknown) => values.some((value) => typeof value === typeof given)

/** JSON's names of types; all numbers of requests are whole. */
const typeNames: Record<string, string> = {
  number: 'integer',
  int: 'integer',
  record: 'object',
  map: 'object',
  tuple: 'array',
  set: 'array',
}

const typeOf = ({ expected }: z.core.$ZodIssueInvalidType): string => typeNames[expected] ?? expected

function tooMuch(origin: string, max: number): Fault {
  if (origin === 'string') return faultOf('TOO_LONG', { max })
  return origin === 'array' || origin === 'set' ? faultOf('TOO_MANY', { max }) : faultOf('TOO_LARGE', { max })
}

function tooLittle(origin: string, min: number): Fault {
  if (origin === 'string') return faultOf('TOO_SHORT', { min })
  return origin === 'array' || origin === 'set' ? faultOf('TOO_FEW', { min }) : faultOf('TOO_SMALL', { min })
}

function formatFault(issue: z.core.$ZodIssueInvalidStringFormat): Fault {
  if (issue.format === 'email') return faultOf('INVALID_EMAIL', { example: 'ada@example.com' })
  if (issue.format === 'uuid' || issue.format === 'guid') return faultOf('INVALID_ID', { example: exampleId })
  if (issue.format === 'url') return faultOf('INVALID_URL', { example: 'https://example.org/page' })
  if (issue.format === 'datetime') return faultOf('INVALID_DATE', { reason: 'form', example: exampleInstant })
  return faultOf('INVALID_FORMAT', { pattern: sourceOf(issue.pattern) })
}

/** Returns the source of a regular expression, as `RegExp` takes it; undefined for one whose flags change its meaning. */
const sourceOf = (pattern = '') => /^\/(.*)\/[gu]*$/s.exec(pattern)?.[1]

/** Returns the value at a path. An item of a list in a query stands within the text that has the list. */
const valueAt = (given: unknown, path: readonly PropertyKey[]) =>
  path.reduce<unknown>(
    (value, key) =>
      typeof value === 'object' && value !== null ? (value as Record<PropertyKey, unknown>)[key] : value,
    given ?? undefined,
  )
