import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { ownPath } from './next-path.ts'

beforeAll(() => void vi.stubGlobal('location', new URL('https://muster.example/login')))
afterAll(() => void vi.unstubAllGlobals())

test.each([
  ['/tasks/1?q=water#files', '/tasks/1?q=water#files'],
  ['https://muster.example/tasks', '/'],
  ['https://evil.example/', '/'],
  ['//evil.example/', '/'],
  ['/\\evil.example/', '/'],
  ['/\t/evil.example/', '/'],
  ['javascript:alert(1)', '/'],
  ['tasks', '/'],
  ['', '/'],
  [undefined, '/'],
])('a sign-in that was asked to lead to %s leads to %s', (next, path) => {
  expect(ownPath(next)).toBe(path)
})
