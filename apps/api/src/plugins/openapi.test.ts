import { optOutToken, templates } from '@muster/mail'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { buildTestApp, type TestApp } from '../testing/test-app.ts'

type Operation = {
  summary?: string
  tags?: string[]
  security: object[]
  requestBody?: unknown
  responses: Record<string, { content?: object }>
}

let api: TestApp
let operations: [string, Operation][]

beforeAll(async () => {
  api = await buildTestApp()
  const { paths } = (await api.connect().inject('GET', '/openapi.json')).json() as {
    paths: Record<string, Record<string, Operation>>
  }
  operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]): [string, Operation] => [`${method} ${path}`, operation]),
  )
})
afterAll(() => api.close())

test('every route has a summary, a tag and its errors', () => {
  expect(operations.length).toBeGreaterThan(20)
  for (const [name, { summary, tags, responses }] of operations) {
    expect({ name, summary }).toEqual({ name, summary: expect.stringMatching(/^[A-Z].{8,}/) })
    expect({ name, tags }).toEqual({ name, tags: [expect.any(String)] })
    expect(Object.keys(responses)).toEqual(expect.arrayContaining(['429', '500', '503']))
    expect({ name, success: Object.keys(responses).some((status) => /^[23]/.test(status)) }).toEqual({
      name,
      success: true,
    })
  }
})

test('an unsafe route documents 403, a route with a body documents 413 and 415', () => {
  for (const [name, { responses, requestBody }] of operations) {
    if (!name.startsWith('get '))
      expect({ name, statuses: Object.keys(responses) }).toMatchObject({ statuses: expect.arrayContaining(['403']) })
    if (requestBody)
      expect({ name, statuses: Object.keys(responses) }).toMatchObject({
        statuses: expect.arrayContaining(['413', '415']),
      })
  }
})

test('every route that is not public answers 401 without a session', async () => {
  for (const [name, { security }] of operations) {
    const [method = '', path = ''] = name.split(' ')
    const url = path.replace(/\{\w+\}/g, '01890000-0000-7000-8000-000000000000')
    const answer = await api.connect().inject(method.toUpperCase() as 'GET', url)
    const isOpen =
      /\/auth\/(register|login|refresh|forgot-password|reset-password|two-factor\/(verify|resend))|^\w+ \/health|^get \S+\/auth\/google|\/auth\/(session|config)$|\/invites\/(details|accept)|\/unsubscribe/.test(
        name,
      )
    expect({ name, asks: security.length > 0 && !security.some((scheme) => Object.keys(scheme).length === 0) }).toEqual(
      {
        name,
        asks: !isOpen,
      },
    )
    if (!isOpen) expect({ name, status: answer.statusCode }).toEqual({ name, status: 401 })
  }
})

test('every schema of the document is referenced', async () => {
  const text = (await api.connect().inject('GET', '/openapi.json')).body
  const names = Object.keys(JSON.parse(text).components.schemas)
  expect(names).toContain('User')
  expect(names.filter((name) => !text.includes(`"#/components/schemas/${name}"`))).toEqual([])
})

test('the reference page runs only elements with the nonce of its response', async () => {
  const read = async () => {
    const { headers, body } = await api.connect().inject('GET', '/docs/')
    const policy = String(headers['content-security-policy'])
    return { headers, body, policy, nonce: /script-src 'nonce-([\w+/=]{24})'(;|$)/.exec(policy)?.[1] ?? 'none' }
  }
  const page = await read()
  expect(page.headers).toMatchObject({
    'content-type': expect.stringMatching(/^text\/html/),
    'cache-control': 'no-store',
  })
  expect(page.policy).not.toMatch(/script-src[^;]*('self'|unsafe)|unsafe-eval|\*|https?:|blob:/)
  expect(page.policy).toContain("connect-src 'self';")
  const scripts = [...page.body.matchAll(/<(script|style)\b[^>]*>/g)].map(([tag]) => tag)
  expect(scripts.length).toBeGreaterThan(1)
  for (const tag of scripts) expect(tag).toContain(`nonce="${page.nonce}"`)
  expect(page.body).not.toMatch(/\son\w+=|javascript:|style="/)
  expect((await read()).nonce).not.toBe(page.nonce)

  const address = new URL(/src="([^"]+)"/.exec(page.body)?.[1] ?? '', 'http://a/docs/').pathname
  const script = await api.connect().inject('GET', address)
  expect([script.statusCode, script.headers['content-type']]).toEqual([200, expect.stringMatching(/javascript/)])
})

test('no page can be framed, loads from other hosts or runs inline or eval scripts', async () => {
  const admin = await api.signUp({ role: 'super_admin' })
  const token = optOutToken(api.deps.config.keys.mailCode, templates['morning-digest'].optOut, admin.userId)
  for (const url of ['/docs', '/docs/', '/api/v1/admin/queues/board/', `/api/v1/unsubscribe?token=${token}`]) {
    const { headers } = await admin.inject('GET', url)
    expect([url, headers['x-frame-options'], headers['x-content-type-options']]).toEqual([url, 'DENY', 'nosniff'])
    const policy = String(headers['content-security-policy'])
    expect([url, policy]).toEqual([url, expect.stringMatching(/default-src 'none'.*frame-ancestors 'none'/)])
    expect([url, policy]).toEqual([url, expect.not.stringMatching(/script-src[^;]*unsafe|unsafe-eval|https?:|\*/)])
  }
})
