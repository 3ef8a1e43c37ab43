import { roles } from '@muster/policy'
/** Whatever stands in a query, an address or a body is refused or taken: nothing that Postgres can't hold reaches it. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { buildTestApp, type TestApp, type TestPerson } from '../testing/api.ts'
import { type Row, table } from './testing/access-matrix.ts'

let api: TestApp
const people = new Map<string, TestPerson>()
const faults: string[] = []

beforeAll(async () => {
  api = await buildTestApp({
    config: { logLevel: 'error' },
    onLog: (line) => void faults.push(JSON.stringify(line).slice(0, 1_000)),
  })
  for (const role of roles) people.set(role, await api.signUp({ role }))
})
afterAll(() => api.close())

const digits = '1'.repeat(300)
/** As text: in queries, addresses and bodies. */
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
/** In bodies alone. */
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

test('no route answers them with a 5xx, whichever field they stand in', { timeout: 180_000 }, async () => {
  const document = (await api.connect().inject('GET', '/openapi.json')).json()
  const propertiesOf = (schema: Schema = {}): string[] => {
    const named = schema.$ref ? document.components.schemas[schema.$ref.split('/').at(-1) ?? ''] : {}
    const parts = [...(schema.anyOf ?? []), ...(schema.allOf ?? []), ...(schema.$ref ? [named] : [])]
    return [...Object.keys(schema.properties ?? {}), ...parts.flatMap(propertiesOf)]
  }
  const surprises: string[] = []
  let count = 0
  for (const [path, operations] of Object.entries<Record<string, Operation>>(document.paths)) {
    for (const [method, { parameters = [], requestBody }] of Object.entries(operations)) {
      const route = `${method.toUpperCase()} ${path.replace('/api/v1', '')}`
      const [row] = [table[route] ?? []].flat()
      if (!row || row.file || route === 'GET /health') continue
      const role = roleOf(row)
      people.set(role, await api.signUp({ role }))
      const fields: Field[] = [
        ...parameters.flatMap(({ name, in: place }): Field[] =>
          place === 'path' ? [{ place: 'param', name }] : place === 'query' ? [{ place: 'query', name }] : [],
        ),
        ...propertiesOf(requestBody?.content?.['application/json']?.schema).map(
          (name): Field => ({ place: 'body', name }),
        ),
      ]
      for (const field of fields) {
        const params = (await row.thing?.(api, people.get(role) as TestPerson)) ?? {}
        for (const value of field.place === 'body' ? [...texts, ...others] : texts) {
          count++
          const answer = await call(method, path, row, { ...field, value, params })
          if (answer.statusCode < 500 || answer.statusCode === 503) continue
          surprises.push(
            `${route} ${field.place}.${field.name} = ${JSON.stringify(value).slice(0, 60)}: ${answer.body}`,
          )
        }
      }
    }
  }
  expect(surprises).toEqual([])
  expect(faults).toEqual([])
  expect(count).toBeGreaterThan(3_000)
})

/** The call as the table has it, with one field of it changed. Who is signed out by it comes back as somebody new. */
async function call(
  method: string,
  path: string,
  row: Row,
  { place, name, value, params }: Field & { value: unknown; params: Record<string, string> },
) {
  const role = roleOf(row)
  const known = people.get(role) as TestPerson
  const client = row.who === 'anybody' ? api.connect() : known
  const url = path.replace(/\{(\w+)\}/g, (_, param: string) =>
    encode(place === 'param' && param === name ? String(value) : (params[param] ?? known.userId)),
  )
  const query = new URLSearchParams(row.query)
  if (place === 'query') query.delete(name)
  const own = place === 'query' ? [`${name}=${encode(String(value))}`] : []
  const body = row.body?.(params)
  const changed = place === 'body' ? { ...body, [name]: value } : body
  const search = [...(query.size > 0 ? [query.toString()] : []), ...own].join('&')
  const answer = await client.inject(method.toUpperCase() as 'GET', `${url}${search && `?${search}`}`, changed)
  if (answer.statusCode === 401) people.set(role, await api.signUp({ role: role as TestRole }))
  return answer
}

type TestRole = (typeof roles)[number]

function roleOf({ who }: Row): TestRole {
  if (who === 'anybody') return 'client_admin'
  const allowed = Array.isArray(who) ? who : Object.values(who as Record<string, TestRole[]>).flat()
  return allowed.includes('client_admin') ? 'client_admin' : (allowed[0] ?? 'super_admin')
}

/** Percent-encoded; half of a character as the bytes that some programs write for it, which are no UTF-8. */
const encode = (text: string): string =>
  encodeURIComponent(text.replace(/\p{Cs}/gu, '\u{10FFFE}')).replaceAll('%F4%8F%BF%BE', '%ED%A0%80')
