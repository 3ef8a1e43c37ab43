import { describe, expect, test } from 'vitest'
import { operations } from '../../guarantees/testing/operations.ts'
import { readOpenApiDocument } from '../../testing/openapi-document.ts'
import { tags } from './tags.ts'

type Schema = {
  $ref?: string
  description?: string
  properties?: Record<string, Schema>
  items?: Schema
  anyOf?: Schema[]
  oneOf?: Schema[]
  allOf?: Schema[]
  additionalProperties?: unknown
}
type Content = Record<string, { schema: Schema; example?: unknown }>
type Operation = {
  operationId: string
  tags: string[]
  summary: string
  description: string
  parameters: { name: string; description?: string; example?: unknown; schema: Schema & { type?: string } }[]
  requestBody?: { required: boolean; content: Content }
  responses: Record<string, { description: string; headers: object; content?: Content }>
}

const document = JSON.parse(await readOpenApiDocument()) as {
  tags: { name: string; description: string }[]
  paths: Record<string, Record<string, Operation>>
  components: { schemas: Record<string, Schema> }
}
const all = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({ name: `${method.toUpperCase()} ${path}`, operation })),
)

/** Lists the places in a schema that have no description, or say nothing at all. */
function gapsIn(schema: Schema, place: string, isDescribed = false): string[] {
  if (schema.$ref) return []
  const { description, properties = {}, items, anyOf = [], oneOf = [], allOf = [] } = schema
  return [
    ...(description || isDescribed ? [] : [`${place} has no description`]),
    ...Object.entries(properties).flatMap(([name, property]) => gapsIn(property, `${place}.${name}`)),
    ...(items ? gapsIn(items, `${place}[]`, true) : []),
    ...[...anyOf, ...oneOf, ...allOf].flatMap((option, index) => gapsIn(option, `${place}|${index}`, true)),
  ]
}

describe('the OpenAPI document', () => {
  test('names each operation by an id that stays', () => {
    const ids = all.map(({ name, operation }) => [operation.operationId, name.replace('/api/v1', '')])
    expect(Object.fromEntries(ids.toSorted())).toEqual(operations)
    expect(new Set(ids.map(([id]) => id)).size).toBe(ids.length)
    expect(ids.filter(([id]) => !/^[a-z]+[A-Za-z]*$/.test(id ?? ''))).toEqual([])
  })

  test('describes each operation, parameter, property, response and tag', () => {
    const gaps = [
      ...document.tags.flatMap(({ name, description }) => (description ? [] : [name])),
      ...Object.entries(document.components.schemas).flatMap(([name, schema]) => gapsIn(schema, name)),
      ...all.flatMap(({ name, operation }) => gapsOf(name, operation)),
    ]
    expect(gaps).toEqual([])
  })

  function gapsOf(name: string, { tags: given, summary, description, parameters, requestBody, responses }: Operation) {
    const bodies = [requestBody?.content ?? {}, ...Object.values(responses).map(({ content }) => content ?? {})]
    return [
      ...(given.length === 1 && (given[0] ?? '') in tags ? [] : [`${name} has no tag`]),
      ...(/^[A-Z].{8,}/.test(summary) && description ? [] : [`${name} has no summary or description`]),
      ...parameters.flatMap((one) => (one.description ? [] : [`${name} does not describe ${one.name}`])),
      ...Object.entries(responses).flatMap(([status, one]) =>
        one.description ? [] : [`${name} does not describe ${status}`],
      ),
      ...bodies.flatMap((content) => Object.values(content).flatMap(({ schema }) => gapsIn(schema, name, true))),
    ]
  }

  test('names the schema of each body, and refuses unknown keys in JSON', () => {
    const bodies = all.flatMap(({ operation }) => Object.entries(operation.requestBody?.content ?? {}))
    expect(bodies.filter(([, { schema }]) => !schema.$ref)).toEqual([])
    const named = bodies
      .filter(([type]) => type === 'application/json')
      .map(([, { schema }]) => schema.$ref?.split('/').at(-1) ?? '')
    const alternatives = named.flatMap((name): (Schema | undefined)[] => {
      const schema = document.components.schemas[name]
      return schema?.oneOf ?? [schema]
    })
    expect(alternatives.filter((schema) => schema?.additionalProperties !== false)).toEqual([])
  })

  test('has an example of each JSON body and success, and of each parameter that is not opaque', () => {
    const lacking = all.flatMap(({ name, operation: { parameters, requestBody, responses } }) => [
      ...parameters
        .filter(({ example, schema }) => example === undefined && schema.type !== 'string')
        .map((one) => `${name} ${one.name}`),
      ...[requestBody, ...Object.entries(responses).map(([status, one]) => (status < '300' ? one : undefined))].flatMap(
        (one) => {
          const json = one?.content?.['application/json']
          return json && json.example === undefined ? [name] : []
        },
      ),
    ])
    expect(lacking).toEqual([])
  })

  test('has no defaults of properties, for which generators would require them in requests', () => {
    const { schemas } = document.components
    const preset = Object.keys(schemas).filter((name) => JSON.stringify(schemas[name]).includes('"default":'))
    expect(preset).toEqual([])
  })

  test('fills no example with a made-up text', () => {
    const examples = all.flatMap(({ operation: { parameters, requestBody, responses } }) => [
      ...parameters.map(({ example }) => example),
      ...[requestBody, ...Object.values(responses)].flatMap((one) =>
        Object.values(one?.content ?? {}).map(({ example }) => example),
      ),
    ])
    expect(JSON.stringify(examples)).not.toMatch(/"(text|Done\.)"/)
  })

  test('has only formats that generators know', () => {
    const formats = JSON.stringify(document).matchAll(/"format":"([^"]+)"/g)
    const known = ['binary', 'date', 'date-time', 'email', 'password', 'uri', 'uuid']
    expect([...new Set([...formats].map(([, format]) => format))].filter((one) => !known.includes(one ?? ''))).toEqual(
      [],
    )
  })

  test('names an error by its one code, and extends ApiError in each', () => {
    const errors = Object.entries(document.components.schemas).filter(
      ([name]) => /.Error$/.test(name) && name !== 'ApiError',
    )
    expect(errors.filter(([, { allOf }]) => allOf?.[0]?.$ref !== '#/components/schemas/ApiError')).toEqual([])
    expect(errors.length).toBeGreaterThan(20)
  })

  test('lists under each status of an error also the codes of HTTP itself with this status', () => {
    const refused = all.filter(({ operation: { responses } }) => responses['403'])
    const lacking = refused.filter(({ operation }) => !operation.responses['403']?.description.includes('CROSS_ORIGIN'))
    expect(refused.length).toBeGreaterThan(50)
    expect(lacking.map(({ name }) => name)).toEqual([])
  })

  test('has no component of which requests and responses have different forms', () => {
    expect(Object.keys(document.components.schemas).filter((name) => /(Input|Output|\d)$/.test(name))).toEqual([])
  })
})
