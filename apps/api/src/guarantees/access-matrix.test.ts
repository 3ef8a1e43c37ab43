import { type Role, roles } from '@muster/policy'
import { eventually } from '@muster/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { formOf } from '../modules/attachments/testing/upload-fixtures.ts'
import { buildTestApp, type TestApp, type TestClient, type TestPerson } from '../testing/api.ts'
import { type Row, table } from './testing/access-matrix.ts'
import type { Relation } from './testing/fixtures.ts'

/** Every route of the OpenAPI document × nobody and every role × a thing of one's own, of one's organization, of another. */

type Caller = 'nobody' | Role
type Call = { route: string; row: Row; caller: Caller; relation: Relation | undefined }
type Outcome = { status: number; code: string | undefined }

const relations: readonly Relation[] = ['own', 'ours', 'others']
const platformRoles: readonly Role[] = ['super_admin', 'site_admin', 'operator']
/** What a route that nobody has written down must answer to everybody. */
const unwritten: Row = { who: [] }
/** So many calls at a time as there are connections to Postgres. */
const lanes = 10

let api: TestApp
let routes: string[]

beforeAll(async () => {
  api = await buildTestApp()
  // Uploads need a real connection.
  await api.listen()
  const { paths } = (await api.connect().inject('GET', '/openapi.json')).json() as { paths: Record<string, object> }
  routes = Object.entries(paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method.toUpperCase()} ${path.replace('/api/v1', '')}`),
  )
})
afterAll(() => api.close())

test('whoever is not written down is answered 401, 403 or 404, and who is, is let in', {
  timeout: 120_000,
}, async () => {
  const calls = routes.flatMap((route) => [table[route] ?? unwritten].flat().flatMap((row) => callsOf(route, row)))
  const surprises: string[] = []
  const queue = calls.values()
  const work = async () => {
    for (const call of queue) {
      const outcome = await answered(call)
      const surprise = surpriseOf(call, outcome)
      if (surprise) surprises.push(surprise)
    }
  }
  await Promise.all(Array.from({ length: lanes }, work))
  expect(surprises.sort()).toEqual([])
  expect(calls.length).toBeGreaterThan(500)
})

describe('the table', () => {
  test('names no route that does not exist', () => {
    expect(Object.keys(table).filter((route) => !routes.includes(route))).toEqual([])
  })

  test('names every route', () => {
    expect(routes.filter((route) => !Object.hasOwn(table, route))).toEqual([])
  })
})

function callsOf(route: string, row: Row): Call[] {
  const callers: Caller[] = ['nobody', ...roles]
  if (!row.thing) return callers.map((caller) => ({ route, row, caller, relation: undefined }))
  return callers.flatMap((caller) =>
    relations
      .filter((relation) => !row.not?.includes(relation) && exists(caller, relation))
      .map((relation) => ({ route, row, caller, relation })),
  )
}

/** Nobody owns nothing, and roles of the platform have no organization. */
function exists(caller: Caller, relation: Relation): boolean {
  if (caller === 'nobody') return relation === 'others'
  return relation !== 'ours' || !platformRoles.includes(caller)
}

function isLetIn({ row: { who }, caller, relation }: Call): boolean {
  if (who === 'anybody') return true
  if (caller === 'nobody') return false
  const allowed = isList(who) ? who : relation && who[relation]
  return allowed?.includes(caller) ?? false
}

const isList = (who: Row['who']): who is readonly Role[] => Array.isArray(who)

function surpriseOf(call: Call, { status, code }: Outcome): string | undefined {
  const { row, caller } = call
  const expected = row.answers ? code === row.answers : status < 400
  const isRefused = caller === 'nobody' ? status === 401 : [401, 403, 404].includes(status)
  if (isLetIn(call) ? expected : isRefused) return undefined
  const wanted = isLetIn(call) ? (row.answers ?? 'success') : 'refusal'
  return `${call.route} by ${caller}, ${call.relation ?? 'no thing'}: ${wanted}, not ${status} ${code ?? ''}`
}

/** Who is asked to come again later was neither let in nor refused. */
const answered = (call: Call): Promise<Outcome> =>
  eventually(
    async () => {
      const outcome = await make(call)
      if (outcome.status === 503) throw new Error(`${call.route} is busy: ${outcome.code}`)
      return outcome
    },
    { timeoutMs: 20_000, intervalMs: 100 },
  )

/** Everybody and everything is new in each call, so that none finds what another has left. */
async function make({ route, row, caller, relation }: Call): Promise<Outcome> {
  const { client, owner } = await people(caller, relation, row)
  const params = row.thing && owner ? await row.thing(api, owner) : {}
  const [method = '', path = ''] = route.split(' ')
  const filled = path.replace(/\{(\w+)\}/g, (_, name: string) => params[name] ?? crypto.randomUUID())
  const url = `${path === '/health' ? '' : '/api/v1'}${filled}${row.query ?? ''}`
  if (row.file) {
    const { field, name, bytes } = row.file
    const answer = await client.fetch(url, { method, body: formOf({ [name]: await bytes() }, field) })
    return outcomeOf(answer.status, await answer.text())
  }
  const answer = await client.inject(method as 'GET', url, row.body?.(params))
  return outcomeOf(answer.statusCode, answer.body)
}

/** Who calls, in an organization with another client_admin; and whose the thing is, when there is one. */
async function people(
  caller: Caller,
  relation: Relation | undefined,
  { ownerRole }: Row,
): Promise<{ client: TestClient; owner: TestPerson | undefined }> {
  const roleOf = (other: 'ours' | 'others') => ownerRole?.[other] ?? 'client_user'
  const stranger = () => api.signUp({ role: roleOf('others') })
  if (caller === 'nobody') return { client: api.connect(), owner: relation && (await stranger()) }
  if (platformRoles.includes(caller)) {
    const client = await api.signUp({ role: caller })
    return { client, owner: relation === 'own' ? client : relation && (await stranger()) }
  }
  const { organizationId } = await api.signUp()
  const joining = (role: Role) => api.signUp({ role, organizationId: organizationId as string })
  const client = await joining(caller)
  if (relation === 'ours') return { client, owner: await joining(roleOf('ours')) }
  return { client, owner: relation === 'own' ? client : relation && (await stranger()) }
}

function outcomeOf(status: number, body: string): Outcome {
  try {
    return { status, code: (JSON.parse(body) as { error?: { code: string } }).error?.code }
  } catch {
    return { status, code: undefined }
  }
}
