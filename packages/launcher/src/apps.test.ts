import { expect, test } from 'vitest'
import { instanceNamed, portsOf } from './apps.ts'

const portsFor = (word: string, env: NodeJS.ProcessEnv = {}) => {
  const instance = instanceNamed(word)
  return instance && portsOf(instance, env)
}

test('a further process of an app has ports of its own, counted from those of the first', () => {
  expect(portsFor('api')).toEqual({})
  expect(portsFor('api:2')).toEqual({ PORT: '3001', OPS_PORT: '9200' })
  expect(portsFor('api:2', { PORT: '13000', OPS_PORT: '19700' })).toEqual({ PORT: '13001', OPS_PORT: '19800' })
  expect(portsFor('email-worker:3')).toEqual({ OPS_PORT: '9301' })
  expect(portsFor('image-worker:2', { OPS_PORT: '' })).toEqual({ OPS_PORT: '9204' })
  // The app refuses the first, and the second lets the system choose.
  expect(portsFor('email-worker:2', { OPS_PORT: 'x' })).toEqual({})
  expect(portsFor('email-worker:2', { OPS_PORT: '0' })).toEqual({})
  expect(portsFor('api:0')).toBeUndefined()
  expect(portsFor('web')).toBeUndefined()
})
