import { eventually, isLongForm } from '@muster/testing'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { buildTestApp, type TestApp, type TestClient, type TestUser } from '../testing/test-app.ts'
import { accessMatrix } from './testing/access-matrix.ts'
import { type FuzzRequest, type Operation, operationsOf, requestsOf } from './testing/fuzz/requests.ts'
import type { Schema } from './testing/fuzz/schema.ts'

/*
 * Sends requests that are made from the OpenAPI document, most of them with a hostile part, as users of several roles. `FUZZ_RUNS` and
 * `FUZZ_SEED` repeat a run or make it longer; a failure prints both and the smallest request that fails.
 */
const runs = Number(process.env.FUZZ_RUNS ?? (isLongForm ? 400 : 8))
const seed = Number(process.env.FUZZ_SEED ?? Math.floor(Math.random() * 2 ** 31))

const roles = {
  anonymous: undefined,
  user: 'client_user',
  admin: 'client_admin',
  operator: 'operator',
  root: 'super_admin',
} as const
type RoleName = keyof typeof roles
/** Those to whom the resources belong come more often. */
const weightedRoles = [...Object.keys(roles), 'user', 'admin', 'user', 'admin']

let api: TestApp
let document: { paths: Parameters<typeof operationsOf>[0]['paths']; components: { schemas: Record<string, Schema> } }
const clients = new Map<RoleName, TestClient>()
/** Ids that answers had: later requests name what exists. */
const known: string[] = []

beforeAll(async () => {
  api = await buildTestApp()
  document = (await api.connect().inject('GET', '/openapi.json')).json()
})
afterAll(() => api.close())

const note = (text: string) => {
  for (const [id] of text.matchAll(/[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}/g))
    if (!known.includes(id)) known.push(id)
  if (known.length > 2_000) known.splice(0, 1_000)
}

async function clientOf(role: RoleName): Promise<TestClient> {
  const found = clients.get(role)
  if (found) return found
  const name = roles[role]
  const client = name ? await api.signUp({ role: name }) : api.connect()
  clients.set(role, client)
  return client
}

/** Makes what the path of an operation leads to, some of the user and some of the admin, and the bodies that it takes. */
async function existing({ method, path }: Operation) {
  // Earlier requests may have left their organizations in any state.
  for (const role of ['user', 'admin'] as const) clients.delete(role)
  const rules = [accessMatrix[`${method} ${path.replace('/api/v1', '')}`] ?? []].flat()
  const made = rules.flatMap(({ resource, body }) =>
    (['user', 'admin', 'user'] as const).map(async (role) => {
      const names = (await resource?.(api, (await clientOf(role)) as TestUser)) ?? {}
      return { names, body: body?.(names) }
    }),
  )
  const all = await Promise.all(made)
  const bodies = all.flatMap(({ body }) => (body === undefined || body instanceof FormData ? [] : [body]))
  return { paths: all.map(({ names }) => names).filter((names) => Object.keys(names).length > 0), bodies }
}

const succeeded = new Set<string>()

async function send({ id, method }: Operation, { role, url, headers, body }: FuzzRequest): Promise<void> {
  const client = await clientOf(role as RoleName)
  const ask = () => client.inject(method as 'GET', url, body, headers)
  let answer = await ask()
  if (answer.statusCode === 503) {
    // On a busy machine the poll of revocations may be late.
    await eventually(() => expect(api.deps.revocations.isFresh()).toBe(true))
    answer = await ask()
  }
  if (answer.statusCode >= 500)
    throw new Error(`${method} ${url} as ${role} is answered ${answer.statusCode}: ${answer.body.slice(0, 300)}`)
  if (answer.statusCode < 300) note(answer.body)
  if (answer.statusCode < 300) succeeded.add(id)
  // The user signed out, or was deactivated or deleted by a request.
  if (answer.statusCode === 401 && role !== 'anonymous') clients.delete(role as RoleName)
}

test(`no request made from the OpenAPI document gets a 5xx or an undocumented answer (FUZZ_SEED=${seed})`, async () => {
  const resolve = (ref: string) => document.components.schemas[ref.split('/').at(-1) as string] as Schema
  const operations = operationsOf(document)
  expect(operations.length).toBeGreaterThan(100)
  const faults: string[] = []
  for (const operation of operations) {
    const requests = requestsOf(operation, { resolve, known, ...(await existing(operation)) }, weightedRoles)
    const outcome = await fc.check(
      fc.asyncProperty(requests, (request) => send(operation, request)),
      { seed, numRuns: runs, endOnFailure: false },
    )
    if (outcome.failed)
      faults.push(`${operation.id}: ${String(outcome.errorInstance)}\n  ${JSON.stringify(outcome.counterexample)}`)
  }
  // Proves that requests reach what is behind the validation: a few random ones per operation succeed at about a third of them.
  expect(succeeded.size).toBeGreaterThan(operations.length / 5)
  expect(faults.map((fault) => fault.slice(0, 1_500)).join('\n\n')).toBe('')
}, 3_600_000)
