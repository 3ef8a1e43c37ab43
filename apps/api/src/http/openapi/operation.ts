import type { ErrorCode } from '@muster/errors'
import { z } from 'zod'
import { isNoBody } from '../fields.ts'
import { answerDocOf } from './answer.ts'
import { errorsOf, httpErrors } from './common-errors.ts'
import { codesOf, describeCodes, documentedErrors } from './errors.ts'
import { exampleOf } from './example.ts'
import { headersOf } from './headers.ts'
import type { ContentResponse, Route } from './route.ts'
import type { JsonSchema, Schemas } from './schemas.ts'
import { securityOf } from './security.ts'

/** Describes a route as an operation of the OpenAPI document. */
export function operationOf(route: Route, schemas: Schemas) {
  const { operationId, tags, summary, description, body } = route.schema
  return {
    operationId,
    tags,
    summary,
    description: description ?? `${summary}.`,
    security: securityOf(route.config),
    parameters: parametersOf(route, schemas),
    ...(body && !isNoBody(body) && { requestBody: requestBodyOf(body, route, schemas) }),
    responses: responsesOf(route, schemas),
  }
}

/** Returns the path in OpenAPI's form: `/tasks/{id}`. */
export const pathOf = ({ url }: Route): string => url.replace(/:(\w+)/g, '{$1}').replace(/(.)\/$/, '$1')

function parametersOf({ schema: { params, querystring, headers } }: Route, schemas: Schemas) {
  const places = { path: params, query: querystring, header: headers } as const
  return Object.entries(places).flatMap(([place, schema]) => (schema ? parametersIn(place, schema, schemas) : []))
}

function parametersIn(place: string, schema: z.ZodType, schemas: Schemas) {
  const { properties = {}, required = [] } = schemas.of(schema, 'input')
  return Object.entries(properties as Record<string, JsonSchema>).map(([name, property]) => {
    const { description, examples, ...json } = property
    // Nobody can make up a text such as a cursor.
    const isFreeText = json.type === 'string' && !json.format && !json.enum && !examples
    const example = isFreeText ? undefined : exampleOf(property, schemas.components, { isRequest: true })
    return {
      name: place === 'header' ? capitalized(name) : name,
      in: place,
      required: required.includes(name),
      description,
      ...(json.type === 'array' && { style: 'form', explode: false }),
      schema: json,
      ...(example !== undefined && { example }),
    }
  })
}

/** Returns a header's name as HTTP documents it: `if-match` becomes `If-Match`. */
const capitalized = (name: string) => name.replace(/(^|-)\w/g, (start) => start.toUpperCase())

function requestBodyOf(body: z.ZodType, { schema: { consumes = ['application/json'] } }: Route, schemas: Schemas) {
  const schema = schemas.of(body, 'input')
  const isJson = consumes.includes('application/json')
  const example = isJson ? exampleOf(schema, schemas.components, { isRequest: true }) : undefined
  const media = { schema: withoutNull(schema), ...(isJson && { example }) }
  return {
    required: !isJson || !body.safeParse(undefined).success,
    content: Object.fromEntries(consumes.map((type) => [type, media])),
  }
}

/** A body that may be missing is written as the schema of a body that is there. */
function withoutNull(schema: JsonSchema): JsonSchema {
  const options = ((schema.anyOf ?? []) as JsonSchema[]).filter(({ type }) => type !== 'null')
  const [only] = options
  if (only && options.length === 1) return only
  return Array.isArray(schema.type) ? { ...schema, type: 'object' } : schema
}

function responsesOf(route: Route, schemas: Schemas) {
  const { response = {} } = route.schema
  const successes = Object.entries(response).filter(([status, schema]) => status < '400' && !codesOf(schema))
  const failures = [...errorsOf(route)].toSorted(([one], [other]) => one - other)
  return {
    ...Object.fromEntries(successes.map(([status, schema]) => [status, answerOf(status, schema, route, schemas)])),
    ...Object.fromEntries(
      failures.map(([status, codes]) => {
        const failure = failureOf(String(status), codes, route, schemas)
        const declared = response[status]
        return [status, declared && 'content' in declared ? withContent(failure, declared, schemas) : failure]
      }),
    ),
    default: {
      ...failureOf('default', httpErrors, route, schemas),
      description: 'Errors of HTTP itself, which any request can meet.',
    },
  }
}

/** Adds the content that a route sends with the status of an error, such as a page. */
function withContent(
  failure: ReturnType<typeof failureOf>,
  { description, content }: ContentResponse,
  schemas: Schemas,
) {
  const merged: Record<string, { schema: JsonSchema }> = { ...failure.content }
  for (const [type, { schema }] of Object.entries(content)) {
    const known = merged[type]?.schema
    if (!codesOf(schema))
      merged[type] = { schema: known ? { anyOf: [schemas.of(schema, 'output'), known] } : schemas.of(schema, 'output') }
  }
  return {
    ...failure,
    description: [description, failure.description].filter(Boolean).join('\n\n'),
    content: merged,
  }
}

function answerOf(status: string, schema: z.ZodType | ContentResponse, { url }: Route, schemas: Schemas) {
  if ('content' in schema) {
    const { description, headers, content } = schema
    const media = Object.entries(content).map(([type, { schema: part }]) => [type, mediaOf(type, part, schemas)])
    return { description, headers: headersOf(status, url, headers), content: Object.fromEntries(media) }
  }
  const { description, headers } = answerDocOf(schema, status)
  const isEmpty = schema instanceof z.ZodNull
  return {
    description,
    headers: headersOf(status, url, headers),
    ...(!isEmpty && { content: { 'application/json': mediaOf('application/json', schema, schemas) } }),
  }
}

function mediaOf(type: string, schema: z.ZodType, schemas: Schemas) {
  const json = schemas.of(schema, 'output')
  if (type !== 'application/json') return { schema: json }
  const example = exampleOf(json, schemas.components, { isRequest: false })
  return { schema: json, example: merged(example, answerDocOf(schema, '').example) }
}

/** Replaces values of an example, at any depth, by those of another one. */
function merged(example: unknown, other: unknown): unknown {
  if (other === undefined) return example
  if (!isRecord(example) || !isRecord(other)) return other
  return {
    ...example,
    ...Object.fromEntries(Object.entries(other).map(([key, one]) => [key, merged(example[key], one)])),
  }
}
const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

function failureOf(status: string, codes: readonly ErrorCode[], { url }: Route, schemas: Schemas) {
  const options = documentedErrors(codes).map((schema) => schemas.of(schema, 'output'))
  const [only] = options
  const schema: JsonSchema = only && options.length === 1 ? only : { anyOf: options }
  return {
    description: describeCodes(codes),
    headers: headersOf(status, url),
    content: { 'application/json': { schema } },
  }
}
