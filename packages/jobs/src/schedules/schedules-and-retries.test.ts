import { expect, test } from 'vitest'
import { allJobs } from '../definitions/index.ts'
import { dailyTimes, retryPolicies } from './schedules-and-retries.ts'

test('the list of retry policies holds those of every job with an outbox row', () => {
  const used = allJobs.filter(({ delivery }) => delivery === 'outbox').map(({ name, options }) => [name, options])
  expect(Object.fromEntries(used)).toEqual(retryPolicies)
})

test('the list of daily times holds those of every daily job', () => {
  const used = allJobs.filter(({ dailyAt }) => dailyAt).map(({ name, dailyAt }) => [name, dailyAt])
  expect(Object.fromEntries(used)).toEqual(dailyTimes)
})
