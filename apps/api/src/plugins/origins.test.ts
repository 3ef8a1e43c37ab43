import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { readConfig } from '../config.ts'
import { buildTestApp, type TestApp, type TestUser } from '../testing/test-app.ts'

const task = { title: 'Water the ferns', dueDate: '2099-01-01T00:00:00.000Z' }
let dev: TestApp
let ann: TestUser

beforeAll(async () => {
  dev = await buildTestApp({ config: { allowsLoopback: true } })
  ann = await dev.signUp()
})
afterAll(() => dev.close())

/** Creates a task as a page would: a preflight, then the request. */
async function createFrom(origin: string, host: string, user = ann) {
  const preflight = { origin, host, 'access-control-request-method': 'POST' }
  const { headers } = await user.inject('OPTIONS', '/api/v1/tasks', undefined, preflight)
  const answer = await user.inject('POST', '/api/v1/tasks', task, { origin, host })
  return { preflight: headers['access-control-allow-origin'], answer }
}

describe('in development', () => {
  test.for([
    ['http://localhost:5173', 'localhost:3000'],
    ['http://localhost', 'localhost:3000'],
    ['http://localhost:1', 'LOCALHOST:3000'],
    ['http://127.0.0.1:8080', '127.0.0.1:3000'],
    ['http://127.8.9.10:8080', '127.8.9.10:3000'],
    ['http://[::1]:8080', '[::1]:3000'],
    ['http://app.localhost:8080', 'app.localhost:3000'],
  ])('a page at %s may use the API at %s, and URLs lead there', async ([origin, host]) => {
    const { preflight, answer } = await createFrom(origin as string, host as string)
    expect([preflight, answer.statusCode, answer.headers['access-control-allow-origin']]).toEqual([origin, 201, origin])
    expect(answer.headers.location).toMatch(`http://${(host as string).toLowerCase()}/api/v1/tasks/`)
    const { servers } = (await ann.inject('GET', '/openapi.json', undefined, { host: host as string })).json()
    expect(servers).toMatchObject([{ url: '/' }])
  })

  test.for([
    ['http://127.0.0.1:5173', 'localhost:3000', 'http://localhost:5173'],
    ['http://localhost:5173', '127.0.0.1:3000', 'http://127.0.0.1:5173'],
    ['http://[::1]:5173', 'localhost:3000', 'http://localhost:5173'],
    ['http://app.localhost:5173', 'api.localhost:3000', 'http://api.localhost:5173'],
    ['https://localhost:5173', 'localhost:3000', 'http://localhost:5173'],
  ])('a page at %s reads that its cookies do not reach %s, and the address to open', async ([origin, host, better]) => {
    const { preflight, answer } = await createFrom(origin as string, host as string)
    const read = await ann.inject('GET', '/api/v1/users/me', undefined, {
      origin: origin as string,
      host: host as string,
    })
    expect(preflight).toBe(origin)
    for (const { statusCode, headers, json } of [answer, read]) {
      expect([statusCode, headers['access-control-allow-origin']]).toEqual([403, origin])
      expect(json().error.code).toBe('CROSS_ORIGIN')
      expect(json().message).toMatch(/send no cookies/)
      expect(json().message).toContain(`Open the page at ${better} instead`)
    }
  })

  test.for([
    'https://evil.example',
    'http://localhost.evil.example',
    'http://127.0.0.1.evil.example',
    'http://evil-localhost',
    'http://128.0.0.1',
    'http://192.168.0.7:5173',
    'null',
    'file://',
    'http://localhost:5173 ',
    'HTTP://EVIL.EXAMPLE',
  ])('a page at %j is foreign', async (origin) => {
    const { preflight, answer } = await createFrom(origin, 'localhost:3000')
    expect([preflight, answer.statusCode, answer.headers['access-control-allow-origin']]).toEqual([
      undefined,
      403,
      undefined,
    ])
  })

  test('a Host that is not of this machine is not trusted', async () => {
    for (const host of ['evil.example', 'localhost.evil.example', '192.168.0.7:3000', 'api:3000']) {
      const { headers } = await ann.inject('POST', '/api/v1/tasks', task, { host })
      expect(headers.location).toMatch('http://localhost:3000/')
    }
  })
})

describe('without the option', () => {
  let api: TestApp
  let ben: TestUser
  beforeAll(async () => {
    api = await buildTestApp()
    ben = await api.signUp()
  })
  afterAll(() => api.close())

  test('other loopback pages are foreign, and no Host is trusted', async () => {
    for (const origin of ['http://localhost:8080', 'http://127.0.0.1:5173']) {
      const { preflight, answer } = await createFrom(origin, 'localhost:3000', ben)
      expect([preflight, answer.statusCode]).toEqual([undefined, 403])
    }
    const { headers } = await ben.inject('POST', '/api/v1/tasks', task, { host: '127.0.0.1:9' })
    expect(headers.location).toMatch('http://localhost:3000/')
  })

  test('every method passes a preflight, and scripts may read the headers that answers use', async () => {
    const origin = 'http://localhost:5173'
    for (const method of ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE']) {
      const asked = {
        origin,
        'access-control-request-method': method,
        'access-control-request-headers': 'if-match, idempotency-key',
      }
      const { statusCode, headers } = await ben.inject('OPTIONS', '/api/v1/tasks', undefined, asked)
      expect([statusCode, headers['access-control-allow-headers']]).toEqual([204, 'if-match, idempotency-key'])
      expect(headers['access-control-allow-methods']).toContain(method)
      expect(headers.vary).toMatch(/Origin/)
    }
    const { headers } = await ben.inject('GET', '/api/v1/users/me', undefined, { origin })
    const exposed = String(headers['access-control-expose-headers']).split(', ')
    expect(exposed).toEqual(
      expect.arrayContaining([
        'etag',
        'location',
        'content-disposition',
        'retry-after',
        'x-request-id',
        'ratelimit-remaining',
      ]),
    )
  })
})

test('an allowed origin from which browsers send no cookies is warned of at start', async () => {
  const lines: Record<string, unknown>[] = []
  const origins = [
    'https://app.example.com',
    'https://example.com',
    'http://app.example.com',
    'https://other.example',
    'https://a.github.io',
  ]
  for (const publicUrl of ['https://api.example.com', 'https://b.github.io']) {
    const config = { publicUrl: new URL(publicUrl), allowedOrigins: new Set(origins), logLevel: 'warn' as const }
    const api = await buildTestApp({ config, onLog: (line) => lines.push(line) })
    await api.close()
  }
  const warned = (publicUrl: string) => lines.filter((line) => line.publicUrl === publicUrl).map(({ origin }) => origin)
  expect(warned('https://api.example.com')).toEqual(origins.slice(2))
  expect(warned('https://b.github.io')).toEqual(origins)
  expect(lines[0]?.msg).toMatch(/browsers send no cookies/)
})

describe('CORS_ORIGINS', () => {
  const env = {
    DATABASE_URL: 'postgres://host/muster',
    REDIS_URL: 'redis://host',
    STORAGE_LOCAL_DIR: '/files',
    STAGING_DIR: '/staging',
  }
  const faultsOf = (given: NodeJS.ProcessEnv) => {
    try {
      readConfig({ ...env, ...given })
      return []
    } catch (error) {
      return (error as { faults: string[] }).faults.filter((fault) => !fault.includes('_KEYS'))
    }
  }

  test.for([
    ['https://App.Example.com/', 'https://app.example.com'],
    [' https://app.example.com:443 , ', 'https://app.example.com'],
    ['HTTP://localhost:80', 'http://localhost'],
    ['https://bücher.example', 'https://xn--bcher-kva.example'],
    ['https://[2001:DB8::1]:8443', 'https://[2001:db8::1]:8443'],
  ])('takes %j as %s', async ([given, origin]) => {
    const { corsOrigins } = await import('../http/origins.ts')
    expect(corsOrigins().parse(given)).toEqual([origin])
  })

  test.for([
    ['*', 'wildcard'],
    ['https://*.example.com', 'wildcard'],
    ['null', 'null'],
    ['app.example.com', 'does not begin with https://'],
    ['localhost:5173', 'does not begin with https://'],
    ['capacitor://localhost', 'does not begin with https://'],
    ['https://app.example.com/login', 'more than an origin'],
    ['https://app.example.com?a', 'more than an origin'],
    ['https://me:Hidden@app.example.com', 'more than an origin'],
    ['https://a.example https://b.example', 'no origin'],
    ['https://', 'no origin'],
  ])('refuses %j at start, by its place and with what to write', ([given, reason]) => {
    const faults = faultsOf({ CORS_ORIGINS: `https://a.example,${given}` })
    expect(faults).toEqual([expect.stringMatching(`^CORS_ORIGINS: entry 2 .*${reason}.*such as https://`)])
    expect(faults.join()).not.toContain('Hidden')
  })

  test('production refuses the option of development', () => {
    const production = { NODE_ENV: 'production', PUBLIC_URL: 'https://api.example.com', ALLOW_LOOPBACK_ORIGINS: 'true' }
    expect(faultsOf(production)).toEqual(['ALLOW_LOOPBACK_ORIGINS: is for development; production needs false'])
  })
})
