import { expect, test } from 'vitest'
import { parseRecord } from './record.ts'

const second = 1_000
const minute = 60 * second
/** Builds a record: leases by when their sockets were last heard, and marks by their time. */
const record = ({ heard = {}, ...marks }: { heard?: Record<string, number>; request?: number; closed?: number }) =>
  parseRecord([
    ...Object.entries(heard).flatMap(([name, at]) => [`lease:${name}`, String(at + minute)]),
    ...Object.entries(marks).flatMap(([name, at]) => [name, String(at)]),
  ])

const at = 1_000 * minute
test.each([
  ['a request counts 5 minutes', { request: at }, at + 5 * minute],
  ['a socket counts a minute after it was heard', { heard: { a: at } }, at + minute],
  ['the last of several sockets counts', { heard: { a: at, b: at + second } }, at + second + minute],
  ['a close wins over an earlier request', { request: at, closed: at + second }, at + 11 * second],
  ['a request after a close counts', { request: at + second, closed: at }, at + second + 5 * minute],
  [
    'a close wins over the lease of a killed instance too, once it expired',
    { heard: { killed: at }, request: at, closed: at + second },
    at + minute,
  ],
  [
    'a close of one of two sockets does not win',
    { heard: { open: at + minute }, request: at, closed: at + second },
    at + 5 * minute,
  ],
] as const)('%s', (_what, marks, onlineUntilMs) => {
  expect(record(marks)?.onlineUntilMs).toBe(onlineUntilMs)
})

test('the last sign of a user is when they were last seen', () => {
  expect(record({ heard: { a: at }, request: at + 3, closed: at + 2 })?.lastSeenMs).toBe(at + 3)
  expect(record({ heard: { a: at + 9 }, request: at + 3 })?.lastSeenMs).toBe(at + 9)
  expect(parseRecord([])).toBeUndefined()
})
