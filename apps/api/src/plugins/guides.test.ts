import { afterAll, beforeAll, expect, test } from 'vitest'
import { buildTestApp, type TestApp } from '../testing/test-app.ts'

let api: TestApp

beforeAll(async () => {
  api = await buildTestApp()
})
afterAll(() => api.close())

const read = (path: string) => api.connect().inject('GET', path)

test('every link of the introduction and of the guides leads to a page', async () => {
  const { info } = (await read('/openapi.json')).json()
  const pending = [...info.description.matchAll(/\]\((\/docs\/[^)#]+)/g)].map(([, path]) => path as string)
  expect(pending.length).toBeGreaterThan(2)
  const seen = new Set<string>()
  for (let path = pending.pop(); path; path = pending.pop()) {
    if (seen.has(path)) continue
    seen.add(path)
    const page = await read(path)
    expect([path, page.statusCode, page.headers['content-type']]).toEqual([path, 200, 'text/html; charset=utf-8'])
    expect(page.body).not.toMatch(/<script|\son\w+=|style="/)
    if (path.startsWith('/docs/guides/')) expect(page.body).toMatch(/<h1 id="[\s\S]*<\/h1>/)
    pending.push(...[...page.body.matchAll(/href="(\/docs\/guides\/[^"#]+)/g)].map(([, href]) => href as string))
  }
  expect([...seen].toSorted()).toEqual(
    ['glossary', 'permissions', 'realtime', 'sign-in', 'use'].map((name) => `/docs/guides/${name}`),
  )
})

test.each(['none', '__proto__', 'constructor', '..%2F..%2Fpackage'])('the guide %s does not exist', async (name) => {
  expect((await read(`/docs/guides/${name}`)).statusCode).toBe(404)
})

test('a guide runs no script and cannot be framed', async () => {
  const { headers } = await read('/docs/guides/use')
  expect(headers['content-security-policy']).toMatch(
    /^default-src 'none';style-src 'sha256-[\w+/=]+';.*frame-ancestors 'none'/,
  )
  expect([headers['x-frame-options'], headers['x-content-type-options']]).toEqual(['DENY', 'nosniff'])
})
