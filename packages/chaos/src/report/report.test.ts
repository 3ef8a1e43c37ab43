import { expect, test } from 'vitest'
import type { ChaosRecord } from './record.ts'
import { describeReport, summarize } from './report.ts'

const records: ChaosRecord[] = [
  {
    kind: 'system',
    file: 'a.test.ts',
    faults: [
      { fault: 'Redis is killed', lastedMs: 900, recoveryMs: 1_200 },
      { fault: 'Redis is killed', lastedMs: 900, recoveryMs: 400 },
      { fault: 'api is killed' },
    ],
    ledger: [{ effect: 'task in the audit log', acknowledged: 10, done: 8, waiting: 1, lost: 1, repeated: 0 }],
  },
  {
    kind: 'system',
    file: 'b.test.ts',
    faults: [{ fault: 'Redis is killed', recoveryMs: 90 }],
    ledger: [{ effect: 'task in the audit log', acknowledged: 5, done: 5, waiting: 0, lost: 0, repeated: 2 }],
  },
  { kind: 'alert', fault: 'Postgres is stopped', alert: 'MusterApiDown', afterMs: 4_321 },
]

test('the report tells faults, acknowledged, effects, lost, repeated and recovery times', () => {
  const report = summarize(records)
  expect(report.total).toEqual({ faults: 4, acknowledged: 15, done: 13, waiting: 1, lost: 1, repeated: 2 })
  expect(report.faults).toEqual([
    { fault: 'api is killed', times: 1, measured: 0, medianMs: undefined, longestMs: undefined },
    { fault: 'Redis is killed', times: 3, measured: 3, medianMs: 400, longestMs: 1_200 },
  ])
  const text = describeReport(report)
  expect(text).toMatch(/Redis is killed +3 +3 +0\.40 s +1\.20 s/)
  expect(text).toMatch(/task in the audit log +15 +13 +1 +1 +2/)
  expect(text).toMatch(/MusterApiDown +Postgres is stopped +4\.32 s/)
})
