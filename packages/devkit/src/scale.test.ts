import { expect, test } from 'vitest'
import { parseScale } from './scale.ts'

test.for([
  [['api=2,email-worker=3'], { api: 2, 'email-worker': 3 }],
  [['api=2', 'email=3'], { api: 2, 'email-worker': 3 }],
  [[' api = 2 , image=1'], { api: 2, 'image-worker': 1 }],
  [[], {}],
])('%j is read', ([values, scale]) => {
  expect(Object.fromEntries(parseScale(values as string[]))).toEqual(scale)
})

test.for([
  ['chat=2', 'names "chat"; the processes are api, email-worker, audit-worker, reminder-worker, image-worker'],
  ['worker=2', 'names "worker"'],
  ['postgres=2', 'names "postgres"'],
  ['api', 'has "api", which is no name=number; write it like --scale api=2,email-worker=3'],
  ['api=1=2', 'no name=number'],
  ['api=2,', 'has "", which is no name=number'],
  ['', 'has "", which is no name=number'],
  ['api=0', 'api is "0"; it needs a number from 1 to 10'],
  ['api=-1', 'from 1 to 10'],
  ['api=1.5', 'from 1 to 10'],
  ['api=1e1', 'from 1 to 10'],
  ['api=11', 'from 1 to 10'],
  ['api=99999999999', 'from 1 to 10'],
  ['api=two', 'from 1 to 10'],
  ['api=', 'from 1 to 10'],
  ['api=2,api=3', 'names api twice'],
  ['email=2,email-worker=2', 'names email-worker twice'],
  ['api=10,email=10', 'asks for 23 processes; at most 20'],
])('--scale %j is refused with what to write', ([value, reason]) => {
  expect(() => parseScale([value as string])).toThrow(reason as string)
})
