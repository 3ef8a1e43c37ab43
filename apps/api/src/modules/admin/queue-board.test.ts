import { newId } from '@muster/db'
import { optimizeImage } from '@muster/jobs/definitions'
import { parseRedisUrl } from '@muster/redis'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { buildTestApp, type TestApp, type TestUser, untilRevocationsAreFresh } from '../../testing/test-app.ts'
import { clientRoles, oneOfEach, platformRoles } from './testing/admin-fixtures.ts'

const board = '/api/v1/admin/queues/board'
let api: TestApp
let operator: TestUser

beforeAll(async () => {
  api = await buildTestApp()
  operator = await api.signUp({ role: 'operator' })
})
afterAll(() => api.close())
beforeEach(() => untilRevocationsAreFresh(api))

test('the board, its files and its data are served only to platform roles', async () => {
  const users = await oneOfEach(api)
  const page = await operator.inject('GET', board)
  const script = /src="(static\/[^"]+\.js)"/.exec(page.body)?.[1]
  for (const path of ['', '/', '/queue/image', '/api/queues', `/${script}`]) {
    const statuses = async (by: TestUser) => (await by.inject('GET', `${board}${path}`)).statusCode
    for (const role of platformRoles) expect([path, role, await statuses(users[role])]).toEqual([path, role, 200])
    for (const role of clientRoles) expect([path, role, await statuses(users[role])]).toEqual([path, role, 403])
    const stranger = await api.connect().inject('GET', `${board}${path}`)
    expect([path, stranger.statusCode, stranger.json().error.code]).toEqual([path, 401, 'UNAUTHENTICATED'])
  }
})

test('the page loads only files of this server, and finds them', async () => {
  const page = await operator.inject('GET', board)
  expect(page.headers['content-type']).toMatch(/^text\/html/)
  expect(page.headers['content-security-policy']).toMatch(/default-src 'none';script-src 'self'/)
  expect(page.headers['content-security-policy']).not.toMatch(/unsafe-eval|https?:/)
  expect(page.headers['cache-control']).toBe('no-store')
  expect(page.body).toContain(`<base href="${board}/"`)
  const files = [...page.body.matchAll(/(?:src|href)="(static\/[^"]+)"/g)].map(([, path]) => path)
  expect(files.length).toBeGreaterThan(3)
  for (const path of files)
    expect([path, (await operator.inject('GET', `${board}/${path}`)).statusCode]).toEqual([path, 200])
})

test('the board shows every queue and offers no changes', async () => {
  const { queues } = (
    await operator.inject('GET', `${board}/api/queues?activeQueue=image&page=1&jobsPerPage=10`)
  ).json()
  expect(queues.map(({ name }: { name: string }) => name).sort()).toEqual(['audit', 'email', 'image', 'reminder'])
  for (const queue of queues) expect(queue).toMatchObject({ readOnlyMode: true, allowRetries: false })
})

test('routes that change something do not exist', async () => {
  const root = await api.signUp({ role: 'super_admin' })
  const queue = (await api.deps.queueMonitor.queues()).get('image')
  const jobId = newId()
  await queue?.add(optimizeImage.name, { attachmentId: newId() }, { jobId, delay: 3_600_000 })
  for (const [method, path] of [
    ['PUT', '/api/queues/image/retry/failed'],
    ['PUT', '/api/queues/image/pause'],
    ['PUT', '/api/queues/image/empty'],
    ['PUT', '/api/queues/image/obliterate'],
    ['PUT', `/api/queues/image/${jobId}/clean`],
    ['PUT', `/api/queues/image/${jobId}/promote`],
    ['POST', '/api/queues/image/add'],
    ['PUT', '/api/queues/pause'],
  ] as const) {
    const answer = await root.inject(method, `${board}${path}`, {})
    expect([path, answer.statusCode]).toEqual([path, expect.toBeOneOf([404, 405])])
  }
  expect(await (await queue?.getJob(jobId))?.isDelayed()).toBe(true)
  expect(await queue?.isPaused()).toBe(false)
})

test('without Redis the board gets 503, and works when Redis is back', async () => {
  const alone = await buildTestApp({ config: { redis: parseRedisUrl('redis://127.0.0.1:1') } })
  const somebody = await alone.signUp({ role: 'operator' })
  const answer = await somebody.inject('GET', `${board}/api/queues`)
  expect([answer.statusCode, answer.json().error.code]).toEqual([503, 'DEPENDENCY_UNAVAILABLE'])
  await alone.close()
})
