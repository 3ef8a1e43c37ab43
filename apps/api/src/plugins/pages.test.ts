import { mkdir, mkdtemp, rm, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { brotliCompressSync, brotliDecompressSync, gunzipSync, gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { buildTestApp, type TestApp, type TestClient } from '../testing/test-app.ts'

const script = 'console.log("a script of the pages")\n'.repeat(50)
const page = '<!doctype html><title>Muster</title><script type="module" src="/assets/index-B3x9.js"></script>'
const firstLoads = {
  '/tasks': { parts: ['assets/app-Qw45.js', 'assets/Ab12.js'], reads: ['api/v1/tasks?limit=100'] },
  '/tasks/$taskId': { parts: ['assets/app-Qw45.js'], reads: ['api/v1/tasks/$taskId'] },
  '/ops/audit': { parts: ['assets/app-Qw45.js', 'assets/ops-Cd34.js'], reads: ['api/v1/admin/audit-events?limit=50'] },
}
const html = { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' }

let around: string
let folder: string
let api: TestApp

beforeAll(async () => {
  around = await mkdtemp(join(tmpdir(), 'muster-pages-'))
  folder = join(around, 'web')
  await mkdir(join(folder, 'assets'), { recursive: true })
  await Promise.all([
    writeFile(join(folder, 'index.html'), page),
    writeFile(join(folder, 'index.html.gz'), gzipSync(page)),
    writeFile(join(folder, 'first-paint.js'), 'document.title'),
    writeFile(join(folder, 'first-loads.json'), JSON.stringify(firstLoads)),
    writeFile(join(folder, '.pages.json'), '{}'),
    writeFile(join(folder, 'assets/index-B3x9.js'), script),
    writeFile(join(folder, 'assets/index-B3x9.js.br'), brotliCompressSync(script)),
    writeFile(join(folder, 'assets/index-B3x9.js.gz'), gzipSync(script)),
    writeFile(join(folder, 'assets/photo-Xy12.webp'), Buffer.alloc(2_000, 7)),
  ])
  api = await buildTestApp({ config: { pages: { root: folder } } })
})
afterAll(async () => {
  await api.close()
  await rm(around, { recursive: true })
})

const read = (path: string, headers: Record<string, string> = html, method: 'GET' | 'HEAD' = 'GET') =>
  api.connect().inject(method, path, undefined, headers)

describe('a page', () => {
  test.each(['/', '/?next=%2Ftasks', '/tasks', '/tasks/', '/tasks/019a?tab=files', '/login', '/docsy', '/assets'])(
    'is served at %s, to be asked for again each time',
    async (path) => {
      const { statusCode, headers, body } = await read(path)
      expect([statusCode, headers['content-type'], headers['cache-control']]).toEqual([
        200,
        'text/html; charset=utf-8',
        'no-cache',
      ])
      expect(body).toBe(page)
    },
  )

  test('runs scripts and styles only from files of this origin, is framed nowhere, and sends no address to other sites', async () => {
    const { headers } = await read('/tasks')
    expect(headers['content-security-policy']).toBe(
      [
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data: blob:",
        "connect-src 'self' ws://localhost:3000",
        "font-src 'self'",
        "manifest-src 'self'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
      ].join('; '),
    )
    expect(headers).toMatchObject({
      'cross-origin-opener-policy': 'same-origin',
      'referrer-policy': 'same-origin',
      'strict-transport-security': 'max-age=31536000; includeSubDomains',
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
      'x-request-id': expect.any(String),
    })
    expect(headers['set-cookie']).toBeUndefined()
  })

  describe('names what its scripts need and read', () => {
    const part = (file: string) => `</assets/${file}>; rel=modulepreload; fetchpriority=low`
    const answer = (path: string) => `</api/v1/${path}>; rel=preload; as=fetch; crossorigin=use-credentials`
    const [app, session] = [part('app-Qw45.js'), answer('auth/session')]
    const linkOf = async (path: string, user: TestClient) =>
      (await user.inject('GET', path, undefined, html)).headers.link

    test.each([
      ['/tasks', [app, part('Ab12.js'), session, answer('tasks?limit=100')]],
      ['/tasks/', [app, part('Ab12.js'), session, answer('tasks?limit=100')]],
      ['/tasks?status=completed', [app, part('Ab12.js'), session]],
      ['/tasks/019a-b', [app, session, answer('tasks/019a-b')]],
      ['/tasks/%3E', [session]],
      ['/elsewhere', [session]],
      ['/ops/audit', [session]],
    ])('to a signed-in user at %s', async (path, links) => {
      expect(await linkOf(path, await api.signUp())).toBe(links.join(', '))
    })

    test('to an operator also at pages for operators', async () => {
      const links = [app, part('ops-Cd34.js'), session, answer('admin/audit-events?limit=50')]
      expect(await linkOf('/ops/audit', await api.signUp({ role: 'operator' }))).toBe(links.join(', '))
    })

    test('but not from a file that is cut off, whose pages are answered all the same', async () => {
      const user = await api.signUp()
      const file = join(folder, 'first-loads.json')
      await writeFile(file, '{"/tasks')
      const { statusCode, headers } = await user.inject('GET', '/tasks', undefined, html)
      expect([statusCode, headers.link]).toEqual([200, session])
      await writeFile(file, JSON.stringify(firstLoads))
      await utimes(file, new Date(), new Date(Date.now() + 1_000))
      expect(await linkOf('/tasks', user)).toContain(app)
    })

    test('but not to visitors, nor where a second factor is set up', async () => {
      expect(await linkOf('/tasks', api.connect())).toBeUndefined()
      expect(await linkOf('/setup-factor', await api.signUp())).toBeUndefined()
    })
  })

  test('is answered 304 while it is the same', async () => {
    const { headers } = await read('/tasks')
    const again = await read('/tasks', { ...html, 'if-none-match': String(headers.etag) })
    expect([again.statusCode, again.body]).toEqual([304, ''])
  })

  test('is shown to a client that accepts everything, such as curl', async () => {
    expect((await read('/', { accept: '*/*' })).headers['content-type']).toBe('text/html; charset=utf-8')
  })

  test('is compressed as it was built', async () => {
    const { headers, rawPayload } = await read('/tasks', { ...html, 'accept-encoding': 'gzip, br' })
    expect([headers['content-encoding'], headers.vary]).toEqual(['gzip', expect.stringMatching(/accept-encoding/i)])
    expect(gunzipSync(rawPayload).toString()).toBe(page)
  })
})

describe('a file whose name has its hash', () => {
  const path = '/assets/index-B3x9.js'

  test('is kept by browsers for ever', async () => {
    const { statusCode, headers, body } = await read(path)
    expect([statusCode, body]).toEqual([200, script])
    expect(headers['cache-control']).toBe('public, max-age=31536000, immutable')
    expect(headers['content-type']).toMatch(/^(text|application)\/javascript; charset=utf-8$/)
    expect(headers['x-content-type-options']).toBe('nosniff')
  })

  test.each([
    ['br', brotliDecompressSync],
    ['gzip', gunzipSync],
  ] as const)('is sent in %s from the file beside it, with its length', async (encoding, decompress) => {
    const { headers, rawPayload } = await read(path, { 'accept-encoding': encoding })
    expect(headers['content-encoding']).toBe(encoding)
    expect(headers.vary).toMatch(/accept-encoding/i)
    expect(Number(headers['content-length'])).toBe(rawPayload.length)
    expect(decompress(rawPayload).toString()).toBe(script)
  })

  test('is sent as it is where no compressed one lies beside it', async () => {
    const { headers, rawPayload } = await read('/assets/photo-Xy12.webp', { 'accept-encoding': 'gzip, br' })
    expect([headers['content-encoding'], headers['content-type']]).toEqual([undefined, 'image/webp'])
    expect(rawPayload).toHaveLength(2_000)
  })

  test.each(['/assets/main-gone.js', '/assets/nested/gone', '/assets/', '/gone.css', '/.pages.json', '/.env'])(
    'is answered 404 in JSON, cached nowhere, when there is none: %s',
    async (gone) => {
      const { statusCode, headers, body } = await read(gone)
      expect([statusCode, JSON.parse(body).error.code]).toEqual([404, 'NOT_FOUND'])
      expect(headers['cache-control'] ?? '').not.toContain('immutable')
      expect(headers['content-security-policy']).toBe("default-src 'none'; base-uri 'none'; frame-ancestors 'none'")
    },
  )

  test.each([
    '/assets/..%2f..%2fsecret.txt',
    '/..%2fsecret.txt',
    '/%2e%2e/secret.txt',
    '/assets/..%5c..%5csecret.txt',
    '/assets/%00.js',
  ])('is never one outside of the folder: %s', async (outside) => {
    await writeFile(join(around, 'secret.txt'), 'secret')
    const { statusCode, body } = await read(outside)
    expect([statusCode, JSON.parse(body).error.code]).toEqual([404, 'NOT_FOUND'])
  })
})

test('a file without a hash is asked for again each time', async () => {
  const { headers, body } = await read('/first-paint.js', { accept: '*/*', 'sec-fetch-mode': 'no-cors' })
  expect([headers['cache-control'], body]).toEqual(['no-cache', 'document.title'])
})

test.each(['/', '/tasks', '/first-paint.js', '/assets/index-B3x9.js'])(
  'HEAD %s has the headers of GET and no content',
  async (path) => {
    const [get, head] = await Promise.all([read(path), read(path, html, 'HEAD')])
    expect([head.statusCode, head.body]).toEqual([200, ''])
    for (const name of ['content-type', 'content-length', 'cache-control', 'etag', 'content-security-policy'])
      expect([name, head.headers[name]]).toEqual([name, get.headers[name]])
  },
)

describe('no page is served', () => {
  test.each([
    '/api',
    '/api/v1/none',
    '/api/v1/tasks/none/none',
    '/docs/none',
    '/health/none',
    '/socket.io',
    '/unsubscribe/none',
  ])('below %s, whose mistakes are answered in JSON', async (path) => {
    const { statusCode, headers } = await read(path)
    expect(statusCode).toBeGreaterThanOrEqual(400)
    expect(headers['content-type']).toMatch(/^application\/json/)
  })

  test.each([
    ['asks for JSON', { accept: 'application/json' }],
    ['asks for JSON first', { accept: 'application/json, text/plain, */*' }],
    ['is made by a script', { accept: '*/*', 'sec-fetch-mode': 'cors' }],
    ['is one for an image', { accept: 'image/avif,image/webp,*/*;q=0.8', 'sec-fetch-mode': 'no-cors' }],
  ])('for a request that %s', async (_what, headers) => {
    const { statusCode, json } = await read('/tasks', headers)
    expect([statusCode, json().error.code]).toEqual([404, 'NOT_FOUND'])
  })

  test('for another method, which is answered as without pages', async () => {
    const { statusCode, json } = await api.connect().inject('POST', '/tasks', '', html)
    expect([statusCode, json().error.code]).toEqual([404, 'NOT_FOUND'])
  })
})

test('pages and files count in no rate limit', async () => {
  const remaining = async () =>
    Number((await read('/tasks', { accept: 'application/json' })).headers['ratelimit-remaining'])
  const before = await remaining()
  for (const path of ['/tasks', '/', '/first-paint.js', '/assets/index-B3x9.js']) {
    const { statusCode, headers } = await read(path)
    expect([statusCode, headers['ratelimit-limit']]).toEqual([200, undefined])
  }
  expect(await remaining()).toBe(before - 1)
})

test('a client that asks for JSON at / is told the addresses', async () => {
  const { statusCode, headers, json } = await read('/', { accept: 'application/json' })
  expect([statusCode, headers.vary]).toEqual([200, expect.stringMatching(/accept\b/i)])
  expect(json()).toEqual({
    success: true,
    data: {
      name: 'Muster',
      version: expect.any(String),
      api: 'http://localhost:3000/api/v1',
      reference: 'http://localhost:3000/docs',
      openapi: 'http://localhost:3000/openapi.json',
      health: 'http://localhost:3000/health',
      console: 'http://localhost:5173',
    },
  })
})

test('without a folder there are no pages: / tells everybody the addresses, and other paths do not exist', async () => {
  const bare = await buildTestApp({ config: { pages: undefined } })
  try {
    const [front, other] = await Promise.all(
      ['/', '/tasks'].map((path) => bare.connect().inject('GET', path, undefined, html)),
    )
    expect([front?.statusCode, front?.json().data.name]).toEqual([200, 'Muster'])
    expect([other?.statusCode, other?.json().error.code]).toEqual([404, 'NOT_FOUND'])
  } finally {
    await bare.close()
  }
})
