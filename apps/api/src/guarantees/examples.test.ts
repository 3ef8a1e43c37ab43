/* Whoever presses "Send" in the reference page, or copies an example of the OpenAPI document, sends what the route takes. */
import type { Role } from '@muster/policy'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { examplePassword } from '../http/fields.ts'
import type { Route } from '../http/openapi/route.ts'
import { readDocumentation } from '../testing/openapi-document.ts'
import { buildTestApp, type TestApp } from '../testing/test-app.ts'
import { type AccessRule, accessMatrix } from './testing/access-matrix.ts'
import type { Relation } from './testing/fixtures.ts'

type Place = 'path' | 'query' | 'header'
type Operation = {
  operationId: string
  parameters: { name: string; in: Place; required: boolean; example?: unknown }[]
  requestBody?: { content: Record<string, { example?: object }> }
}
type Case = { name: string; method: string; path: string; operation: Operation; route: Route }
type Values = Record<string, string>

/** The id in all examples. */
const exampleId = '01980f3a-0000-7000-8000-000000000001'

const { document, routes } = await readDocumentation()
const paths = JSON.parse(document).paths as Record<string, Record<string, Operation>>
const cases: Case[] = Object.entries(paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({
    name: `${method.toUpperCase()} ${path.replace('/api/v1', '')}`,
    method: method.toUpperCase(),
    path,
    operation,
    route: routes.find(({ schema }) => schema.operationId === operation.operationId) as Route,
  })),
)

let api: TestApp
let passwordHash: string

beforeAll(async () => {
  api = await buildTestApp()
  passwordHash = await api.deps.passwords.hash(examplePassword)
})
afterAll(() => api.close())

const bodyOf = ({ requestBody }: Operation) => requestBody?.content['application/json']?.example

/** Parameters that the route needs together. A document cannot say so. */
const companions: Record<string, readonly string[]> = {
  'searchUsers limit': ['q'],
  searchUsers: ['q'],
  getUserConsequences: ['role'],
}

/** Lists the examples of one place: of the parameters that must be there, and of each other one beside them. */
function examplesIn({ operationId, parameters }: Operation, place: Place): Values[] {
  const given = parameters.filter((one) => one.in === place && one.example !== undefined)
  const valuesOf = (key: string, ...names: string[]): Values =>
    Object.fromEntries(
      given
        .filter(({ name, required }) => required || [...names, ...(companions[key] ?? [])].includes(name))
        .map(({ name, example }) => [place === 'header' ? name.toLowerCase() : name, String(example)]),
    )
  const optional = given.filter(({ required }) => !required)
  return [valuesOf(operationId), ...optional.map(({ name }) => valuesOf(`${operationId} ${name}`, name))]
}

test('the schema of each route takes the examples of its body and its parameters', () => {
  const tried = cases.flatMap(({ name, operation, route: { schema } }) => [
    ...(bodyOf(operation) ? [{ name, schema: schema.body, given: bodyOf(operation) }] : []),
    ...examplesIn(operation, 'path').map((given) => ({ name, schema: schema.params, given })),
    ...examplesIn(operation, 'query').map((given) => ({ name, schema: schema.querystring, given })),
    ...examplesIn(operation, 'header').map((given) => ({ name, schema: schema.headers, given })),
  ])
  const refused = tried.flatMap(({ name, schema, given }) => {
    const error = schema?.safeParse(given).error
    return error ? [`${name} ${JSON.stringify(given)}: ${error.message}`] : []
  })
  expect(refused).toEqual([])
  expect(tried.filter(({ schema }) => schema).length).toBeGreaterThan(150)
})

test('no date in the example of a body lies in the past', () => {
  const bodies = cases.map(({ operation }) => JSON.stringify(bodyOf(operation) ?? {}))
  const dates = bodies.flatMap((body) => body.match(/\d{4}-\d\d-\d\dT[^"]+/g) ?? [])
  expect(dates.length).toBeGreaterThan(1)
  expect(dates.filter((date) => Date.parse(date) < Date.now())).toEqual([])
})

test('each example succeeds for a caller with access, or fails only for the secret that it makes up', {
  timeout: 120_000,
}, async () => {
  const refused: string[] = []
  let count = 0
  for (const one of cases) {
    for (const given of choicesOf(one.operation)) {
      const outcome = await send(one, given)
      count++
      if (outcome) refused.push(`${one.name} ${JSON.stringify(given)}: ${outcome}`)
    }
  }
  expect(refused).toEqual([])
  expect(count).toBeGreaterThan(150)
})

/** Lists what is sent beside the path and the body: the examples of the query, and those of the headers. */
function choicesOf(operation: Operation): { query: Values; headers: Values }[] {
  const [bare = {}, ...queries] = examplesIn(operation, 'query')
  const headers = examplesIn(operation, 'header').map((given) => ({ query: bare, headers: given }))
  return [...headers, ...queries.map((query) => ({ query, headers: {} }))]
}

/** Sends the examples of an operation with ids of resources that exist. @returns an answer that is no success */
async function send(
  { name, method, path, operation }: Case,
  { query, headers }: { query: Values; headers: Values },
): Promise<string | undefined> {
  const rule = [accessMatrix[name] ?? []].flat().findLast(({ allowed }) => roleOf(allowed))
  if (!rule) return 'nobody has access'
  // A document has no example of a file.
  if (rule.file) return undefined
  const { caller, params } = await prepare(rule)
  const [examples = {}] = examplesIn(operation, 'path')
  const url = path.replace(/\{(\w+)\}/g, (_, key: string) => params[key] ?? examples[key] ?? '')
  const body = bodyOf(operation)
  const answer = await caller.inject(
    method as 'GET',
    `${url}?${new URLSearchParams(query)}`,
    body && JSON.parse(JSON.stringify(body).replaceAll(exampleId, namedBy(body, params) ?? exampleId)),
    headers,
  )
  const isExpected = answer.statusCode < 400 || answer.json().error.code === rule.expectedCode
  return isExpected ? undefined : `${answer.statusCode} ${answer.body}`
}

/** Returns the id that a body names: of the resource, or of users. */
const namedBy = (body: object, { id, userId }: Record<string, string>) => ('userIds' in body ? userId : id)

async function prepare(rule: AccessRule) {
  const relation = relationOf(rule)
  const caller = await api.signUp({ role: roleOf(rule.allowed) ?? 'client_admin' })
  const { organizationId } = caller
  const owner =
    relation === 'own'
      ? caller
      : await api.signUp({
          role: 'client_user',
          ...(relation === 'organization' && organizationId && { organizationId }),
        })
  const params = (await rule.resource?.(api, owner)) ?? {}
  await api.db.updateTable('users').set({ password_hash: passwordHash }).where('id', '=', caller.userId).execute()
  return { caller, params }
}

const isList = (allowed: AccessRule['allowed']): allowed is readonly Role[] => Array.isArray(allowed)

/** Returns a relation of the caller to the resource that gives access; one of another user, where there is a choice. */
function relationOf({ allowed, impossible = [] }: AccessRule): Relation {
  if (typeof allowed === 'string' || isList(allowed)) return 'own'
  const relations: Relation[] = ['organization', 'own', 'foreign']
  return relations.find((one) => !impossible.includes(one) && allowed[one]?.length) ?? 'own'
}

/** Returns a role that has access. */
function roleOf(allowed: AccessRule['allowed']): Role | undefined {
  if (allowed === 'everybody') return 'client_admin'
  const all = isList(allowed) ? allowed : Object.values(allowed).flat()
  return all.includes('client_admin') ? 'client_admin' : all[0]
}
