/* A hostile value in any query, path or body is accepted or refused with 4xx: nothing that Postgres cannot store reaches it. */
import { type Role, roles } from '@muster/policy'
import { isLongForm } from '@muster/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { buildTestApp, type TestApp, type TestUser } from '../testing/test-app.ts'
import { type AccessRule, accessMatrix } from './testing/access-matrix.ts'

let api: TestApp
const users = new Map<string, TestUser>()
const errors: string[] = []

beforeAll(async () => {
  api = await buildTestApp({
    config: { logLevel: 'error' },
    onLog: (line) => void errors.push(JSON.stringify(line).slice(0, 1_000)),
  })
  for (const role of roles) users.set(role, await api.signUp({ role }))
})
afterAll(() => api.close())

const digits = '1'.repeat(300)
/** Values for queries, paths and bodies. */
const texts = [
  '\0',
  'a\0b',
  '\ud800',
  'a\udfffb',
  '\ufffd\uffff',
  '0000-01-01T00:00:00Z',
  `2026-01-01T00:00:00.${digits}Z`,
  '9999-12-31T23:59:59.999-23:59',
  '0001-01-01T00:00:00+23:59',
  '+294277-01-01T00:00:00Z',
  'infinity',
  '-infinity',
  'NaN',
  '1e400',
  '1e-400',
  `0.${digits}`,
  '-1',
  '2147483648',
  '9223372036854775808',
  digits,
  '{01890000-0000-7000-8000-000000000000}',
  '01890000000070008000000000000000',
  'FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF',
  '00000000-0000-0000-0000-000000000000',
  '__proto__',
  '\'\\"<->:*&|!()',
  'a <-> b & !c | "d',
  '"" -',
  '%',
  '\\',
  'x'.repeat(3_000),
]
/** Values for bodies only. */
const others: unknown[] = [
  null,
  true,
  0,
  -1,
  0.5,
  1e21,
  2 ** 31,
  2 ** 53,
  Number.MIN_VALUE,
  [],
  [null],
  [[]],
  {},
  { toString: 1 },
]

type Field = { place: 'param' | 'query' | 'body'; name: string }
type Operation = {
  parameters?: { name: string; in: string }[]
  requestBody?: { content?: Record<string, { schema?: Schema }> }
}
type Schema = { properties?: Record<string, Schema>; anyOf?: Schema[]; allOf?: Schema[]; $ref?: string }

/** Of the values, each field gets each in the long form; here every fourth, beginning with another one than the field before. */
const step = isLongForm ? 1 : 4

test('no route answers 5xx to a hostile value in any field', { timeout: 180_000 }, async () => {
  const document = (await api.connect().inject('GET', '/openapi.json')).json()
  const propertiesOf = (schema: Schema = {}): string[] => {
    const named = schema.$ref ? document.components.schemas[schema.$ref.split('/').at(-1) ?? ''] : {}
    const parts = [...(schema.anyOf ?? []), ...(schema.allOf ?? []), ...(schema.$ref ? [named] : [])]
    return [...Object.keys(schema.properties ?? {}), ...parts.flatMap(propertiesOf)]
  }
  const failures: string[] = []
  let [count, fieldCount] = [0, 0]
  for (const [path, operations] of Object.entries<Record<string, Operation>>(document.paths)) {
    for (const [method, { parameters = [], requestBody }] of Object.entries(operations)) {
      const route = `${method.toUpperCase()} ${path.replace('/api/v1', '')}`
      const [rule] = [accessMatrix[route] ?? []].flat()
      if (!rule || rule.file || route === 'GET /health') continue
      const role = roleOf(rule)
      users.set(role, await api.signUp({ role }))
      const fields: Field[] = [
        ...parameters.flatMap(({ name, in: place }): Field[] =>
          place === 'path' ? [{ place: 'param', name }] : place === 'query' ? [{ place: 'query', name }] : [],
        ),
        ...propertiesOf(requestBody?.content?.['application/json']?.schema).map(
          (name): Field => ({ place: 'body', name }),
        ),
      ]
      for (const field of fields) {
        const params = (await rule.resource?.(api, users.get(role) as TestUser)) ?? {}
        const values = field.place === 'body' ? [...texts, ...others] : texts
        const first = fieldCount++ % step
        for (const value of values.filter((_value, index) => index % step === first)) {
          count++
          const answer = await call(method, path, rule, { ...field, value, params })
          if (answer.statusCode < 500 || answer.statusCode === 503) continue
          failures.push(`${route} ${field.place}.${field.name} = ${JSON.stringify(value).slice(0, 60)}: ${answer.body}`)
        }
      }
    }
  }
  expect(failures).toEqual([])
  expect(errors).toEqual([])
  expect(count).toBeGreaterThan(9_000 / step)
})

/** Sends the call of the rule with one field changed. A new user replaces one whose session the call ended. */
async function call(
  method: string,
  path: string,
  rule: AccessRule,
  { place, name, value, params }: Field & { value: unknown; params: Record<string, string> },
) {
  const role = roleOf(rule)
  const known = users.get(role) as TestUser
  const client = rule.allowed === 'everybody' ? api.connect() : known
  const url = path.replace(/\{(\w+)\}/g, (_, param: string) =>
    encode(place === 'param' && param === name ? String(value) : (params[param] ?? known.userId)),
  )
  const query = new URLSearchParams(rule.query)
  if (place === 'query') query.delete(name)
  const own = place === 'query' ? [`${name}=${encode(String(value))}`] : []
  const body = rule.body?.(params)
  const changed = place === 'body' ? { ...body, [name]: value } : body
  const search = [...(query.size > 0 ? [query.toString()] : []), ...own].join('&')
  const answer = await client.inject(method.toUpperCase() as 'GET', `${url}${search && `?${search}`}`, changed)
  if (answer.statusCode === 401) users.set(role, await api.signUp({ role }))
  return answer
}

/** Returns a role that the rule allows. */
function roleOf({ allowed }: AccessRule): Role {
  if (allowed === 'everybody') return 'client_admin'
  const allowedRoles = Array.isArray(allowed) ? allowed : Object.values(allowed as Record<string, Role[]>).flat()
  return allowedRoles.includes('client_admin') ? 'client_admin' : (allowedRoles[0] ?? 'super_admin')
}

/** Percent-encodes a text; a lone surrogate becomes the bytes that some programs write for it, which are not UTF-8. */
const encode = (text: string): string =>
  encodeURIComponent(text.replace(/\p{Cs}/gu, '\u{10FFFE}')).replaceAll('%F4%8F%BF%BE', '%ED%A0%80')
