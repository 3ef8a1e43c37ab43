import { profileKey } from '@muster/cache'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { buildTestApp, type TestApp, type TestUser } from '../testing/test-app.ts'
import { attachment, userWithAvatar } from './testing/fixtures.ts'

const publicUrl = new URL('https://api.example.test')
const webPage = 'http://localhost:5173'

let api: TestApp
let ann: TestUser
let ben: TestUser

beforeAll(async () => {
  api = await buildTestApp({ config: { publicUrl } })
  ann = await api.signUp()
  ben = await api.signUp({ organizationId: ann.organizationId as string })
  for (const user of [ann, ben]) await userWithAvatar(api, user)
  await attachment(api, ann)
})
afterAll(() => api.close())

/** Returns every text in a value that is a path of the API. */
const relativeUrlsIn = (body: string) => body.match(/"[^"]*(?<!https:\/\/api\.example\.test)\/api\/v1[^"]*"/g) ?? []

test('every URL in the answers to GET is absolute, and so are those of the export', async () => {
  const { paths } = (await api.connect().inject('GET', '/openapi.json')).json()
  const lists = Object.keys(paths).filter((path) => paths[path].get && !path.includes('{'))
  const bodies = new Map<string, string>()
  for (const path of [...lists, `/api/v1/users/${ben.userId}`, `/api/v1/users?q=user_`]) {
    const { statusCode, body } = await ann.inject('GET', path)
    if (statusCode === 200) bodies.set(path, body)
  }
  expect([...bodies].filter(([, body]) => relativeUrlsIn(body).length > 0)).toEqual([])
  for (const path of ['/api/v1/users/me', '/api/v1/tasks', '/api/v1/organization/members', '/api/v1/users/me/export'])
    expect(bodies.get(path), path).toContain('"https://api.example.test/api/v1/')
})

test('the Location of a new task is absolute', async () => {
  const task = { title: 'Water the ferns', dueDate: '2099-01-01T00:00:00.000Z' }
  const { headers, json } = await ann.inject('POST', '/api/v1/tasks', task)
  expect(headers.location).toBe(`https://api.example.test/api/v1/tasks/${json().data.task.id}`)
})

test('the cached profile has no host, so a new PUBLIC_URL needs no empty cache', async () => {
  const avatarOf = async () => (await ann.inject('GET', '/api/v1/users/me')).json().data.user.avatarUrl
  const first = await avatarOf()
  expect(await avatarOf()).toBe(first)
  expect(first).toMatch(/^https:\/\/api\.example\.test\/api\/v1\/users\/[\w-]+\/avatar\?v=/)
  expect(await api.redis.get(profileKey(ann.userId))).toContain('"avatarUrl":"/api/v1/users/')
})

test('a file may be shown by an <img> of a page on another origin of the same site', async () => {
  const url = (await ann.inject('GET', '/api/v1/users/me')).json().data.user.avatarUrl
  const { pathname, search } = new URL(url)
  const headers = { 'sec-fetch-site': 'same-site', 'sec-fetch-dest': 'image', 'sec-fetch-mode': 'no-cors' }
  const shown = await ann.inject('GET', pathname + search, undefined, headers)
  expect(shown.statusCode).toBe(200)
  // Without Vary, a browser would reuse this answer for a script's request, which needs CORS headers.
  expect(shown.headers).toMatchObject({
    'cross-origin-resource-policy': 'same-site',
    vary: expect.stringContaining('Origin'),
  })
  const read = await ann.inject('GET', pathname + search, undefined, { origin: webPage })
  expect(read.headers).toMatchObject({
    'access-control-allow-origin': webPage,
    'access-control-allow-credentials': 'true',
  })
})
