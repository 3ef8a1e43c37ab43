import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { DCLinter } from 'dclint'
import { validate } from 'dockerfile-utils'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { root } from './render.ts'

const file = (name: string) => join(root, 'docker', name)

test('the Dockerfile has no mistake that dockerfile-utils knows', () => {
  const faults = validate(readFileSync(file('Dockerfile'), 'utf8'))
  expect(faults.map(({ message, range }) => `line ${range.start.line + 1}: ${message}`)).toEqual([])
  expect(validate('FROM a\nRUNN b\n')).not.toEqual([])
})

/** Rules of order and taste, which the file decides by itself, and one that reads no address inside of a variable. */
const leftOut = [
  'service-keys-order',
  'services-alphabetical-order',
  'top-level-properties-order',
  'service-ports-alphabetical-order',
  'no-quotes-in-volumes',
  'no-unbound-port-interfaces',
]

test('compose.yaml opens ports on the loopback alone, but for the proxy', () => {
  const { services } = parse(readFileSync(file('compose.yaml'), 'utf8'), { merge: true }) as {
    services: Record<string, { ports?: string[] }>
  }
  const opened = Object.entries(services).flatMap(([name, { ports = [] }]) => ports.map((port) => ({ name, port })))
  expect(opened).not.toEqual([])
  expect(opened.filter(({ name, port }) => name !== 'proxy' && !/^(?:\$\{\w+:-)?127\.0\.0\.1:/.test(port))).toEqual([])
})

/** As far as it is read here; the types of `dclint` do not resolve. */
type Result = { messages: { line: number; rule: string; message: string }[] }

test('compose.yaml has no mistake that dclint knows', () => {
  const rules = Object.fromEntries(leftOut.map((rule) => [rule, 0]))
  const linter = new DCLinter({ quiet: false, debug: false, exclude: [], rules } as never)
  const results = linter.lintFiles([file('compose.yaml')], false) as Result[]
  const faults = results.flatMap(({ messages }) => messages)
  expect(results).toHaveLength(1)
  expect(faults.map(({ line, rule, message }) => `line ${line}: ${rule}: ${message}`)).toEqual([])
})
