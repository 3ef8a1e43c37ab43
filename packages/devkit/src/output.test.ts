import { expect, test } from 'vitest'
import { readable } from './output.ts'

const evil = 'a\u001b[2J\u009b31m\r\u202eb'

test.each([
  ['a message', { level: 'info', msg: evil }],
  ['a field', { level: 'info', msg: 'x', userAgent: evil }],
  ['the name of a field', { level: 'info', msg: 'x', [evil]: 1 }],
  ['a stack', { level: 'error', msg: 'x', err: { stack: `Error: ${evil}\n    at x` } }],
  ['a level', { level: evil, msg: 'x' }],
])('the terminal of npm start obeys nothing that stands in %s', (_where, entry) => {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be printed
  expect(readable(JSON.stringify(entry)).replaceAll('\n', '')).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u202e]/)
})

test('a line that is no JSON is printed without its control characters', () => {
  for (const line of [evil, `{${evil}`]) expect(readable(line)).toContain('a\\u001b[2J\\u009b31m\\u000d\\u202eb')
})
