import { expect, test } from 'vitest'
import { readable } from './output.ts'

const evil = 'a\u001b[2J\u009b31m\r\u202eb'

test.each([
  ['a message', { level: 'info', msg: evil }],
  ['a field', { level: 'info', msg: 'x', userAgent: evil }],
  ['the name of a field', { level: 'info', msg: 'x', [evil]: 1 }],
  ['a stack', { level: 'error', msg: 'x', err: { stack: `Error: ${evil}\n    at x` } }],
  ['a level', { level: evil, msg: 'x' }],
])('control characters in %s of a log line are escaped', (_where, entry) => {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the test looks for them
  expect(readable(JSON.stringify(entry)).replaceAll('\n', '')).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u202e]/)
})

test('control characters of a line that is not JSON are escaped', () => {
  for (const line of [evil, `{${evil}`]) expect(readable(line)).toContain('a\\u001b[2J\\u009b31m\\u000d\\u202eb')
})

test('a line of the log is short for people: its message with the detail, and what no name before it tells', () => {
  const line = { time: '2026-01-02T03:04:05.678Z', level: 'warn', name: 'api', pid: 7, event: 'key-missing' }
  const of = (fields: object) => readable(JSON.stringify({ ...line, ...fields }))
  expect(of({ component: 'process', msg: 'started', version: '1.0.0' })).toBe(
    '03:04:05.678 warn  started version=1.0.0',
  )
  expect(of({ component: 'keys', msg: 'key missing in its ring', detail: 'Add it.' })).toBe(
    '03:04:05.678 warn  key missing in its ring: Add it. component=keys',
  )
})
