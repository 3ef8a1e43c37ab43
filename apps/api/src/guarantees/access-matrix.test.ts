import { type Role, roles } from '@muster/policy'
import { eventually } from '@muster/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { formOf } from '../modules/attachments/testing/upload-fixtures.ts'
import { buildTestApp, type TestApp, type TestClient, type TestUser } from '../testing/test-app.ts'
import { type AccessRule, accessMatrix } from './testing/access-matrix.ts'
import type { Relation } from './testing/fixtures.ts'

/*
 * Calls every route of the OpenAPI document without a session and as every role, with a resource of the caller, of another user of
 * the same organization, and of a user of another organization.
 */

type Caller = 'anonymous' | Role
type Call = { route: string; rule: AccessRule; caller: Caller; relation: Relation | undefined }
type Outcome = { status: number; code: string | undefined }

const relations: readonly Relation[] = ['own', 'organization', 'foreign']
const platformRoles: readonly Role[] = ['super_admin', 'site_admin', 'operator']
/** The rule of a route that is missing in the matrix: no caller is allowed. */
const missingRule: AccessRule = { allowed: [] }
/** As many calls at a time as the pool has connections. */
const concurrency = 10

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

test('exactly the callers of the table succeed; others get 401, 403 or 404', {
  timeout: 120_000,
}, async () => {
  const calls = routes.flatMap((route) =>
    [accessMatrix[route] ?? missingRule].flat().flatMap((rule) => callsOf(route, rule)),
  )
  const mismatches: string[] = []
  const queue = calls.values()
  const work = async () => {
    for (const call of queue) {
      const outcome = await outcomeOf(call)
      const mismatch = mismatchOf(call, outcome)
      if (mismatch) mismatches.push(mismatch)
    }
  }
  await Promise.all(Array.from({ length: concurrency }, work))
  expect(mismatches.sort()).toEqual([])
  expect(calls.length).toBeGreaterThan(500)
})

describe('the matrix', () => {
  test('names no route that does not exist', () => {
    expect(Object.keys(accessMatrix).filter((route) => !routes.includes(route))).toEqual([])
  })

  test('names every route', () => {
    expect(routes.filter((route) => !Object.hasOwn(accessMatrix, route))).toEqual([])
  })
})

function callsOf(route: string, rule: AccessRule): Call[] {
  const callers: Caller[] = ['anonymous', ...roles]
  if (!rule.resource) return callers.map((caller) => ({ route, rule, caller, relation: undefined }))
  return callers.flatMap((caller) =>
    relations
      .filter((relation) => !rule.impossible?.includes(relation) && exists(caller, relation))
      .map((relation) => ({ route, rule, caller, relation })),
  )
}

/** Returns whether a caller can have the relation: an anonymous one owns nothing, and platform roles have no organization. */
function exists(caller: Caller, relation: Relation): boolean {
  if (caller === 'anonymous') return relation === 'foreign'
  return relation !== 'organization' || !platformRoles.includes(caller)
}

function isAllowed({ rule: { allowed }, caller, relation }: Call): boolean {
  if (allowed === 'everybody') return true
  if (caller === 'anonymous') return false
  const roles = isList(allowed) ? allowed : relation && allowed[relation]
  return roles?.includes(caller) ?? false
}

const isList = (allowed: AccessRule['allowed']): allowed is readonly Role[] => Array.isArray(allowed)

/** Returns a description of an outcome that the rule does not expect. */
function mismatchOf(call: Call, { status, code }: Outcome): string | undefined {
  const { rule, caller } = call
  const isSuccess = rule.expectedCode ? code === rule.expectedCode : status < 400
  const isRefused = caller === 'anonymous' ? status === 401 : [401, 403, 404].includes(status)
  if (isAllowed(call) ? isSuccess : isRefused) return undefined
  const expected = isAllowed(call) ? (rule.expectedCode ?? 'success') : 'refusal'
  return `${call.route} by ${caller}, ${call.relation ?? 'no resource'}: ${expected}, not ${status} ${code ?? ''}`
}

/** Repeats a call that is answered 503, which is neither a success nor a refusal. */
const outcomeOf = (call: Call): Promise<Outcome> =>
  eventually(
    async () => {
      const outcome = await send(call)
      if (outcome.status === 503) throw new Error(`${call.route} is busy: ${outcome.code}`)
      return outcome
    },
    { timeoutMs: 20_000, intervalMs: 100 },
  )

/** Sends a call with new users and a new resource, so that no call depends on another. */
async function send({ route, rule, caller, relation }: Call): Promise<Outcome> {
  const { client, owner } = await createUsers(caller, relation, rule)
  const params = rule.resource && owner ? await rule.resource(api, owner) : {}
  const [method = '', path = ''] = route.split(' ')
  const filled = path.replace(/\{(\w+)\}/g, (_, name: string) => params[name] ?? crypto.randomUUID())
  const url = `${path === '/health' ? '' : '/api/v1'}${filled}${rule.query ?? ''}`
  if (rule.file) {
    const { field, name, bytes } = rule.file
    const answer = await client.fetch(url, { method, body: formOf({ [name]: await bytes() }, field) })
    return readOutcome(answer.status, await answer.text())
  }
  const answer = await client.inject(method as 'GET', url, rule.body?.(params))
  return readOutcome(answer.statusCode, answer.body)
}

/** Creates the caller, in an organization with another client_admin, and the owner of the resource. */
async function createUsers(
  caller: Caller,
  relation: Relation | undefined,
  { ownerRole }: AccessRule,
): Promise<{ client: TestClient; owner: TestUser | undefined }> {
  const roleOf = (other: 'organization' | 'foreign') => ownerRole?.[other] ?? 'client_user'
  const stranger = () => api.signUp({ role: roleOf('foreign') })
  if (caller === 'anonymous') return { client: api.connect(), owner: relation && (await stranger()) }
  if (platformRoles.includes(caller)) {
    const client = await api.signUp({ role: caller })
    return { client, owner: relation === 'own' ? client : relation && (await stranger()) }
  }
  const { organizationId } = await api.signUp()
  const join = (role: Role) => api.signUp({ role, organizationId: organizationId as string })
  const client = await join(caller)
  if (relation === 'organization') return { client, owner: await join(roleOf('organization')) }
  return { client, owner: relation === 'own' ? client : relation && (await stranger()) }
}

function readOutcome(status: number, body: string): Outcome {
  try {
    return { status, code: (JSON.parse(body) as { error?: { code: string } }).error?.code }
  } catch {
    return { status, code: undefined }
  }
}
