import { createMuster, type Muster } from '@muster/client'
import { expect, test } from 'vitest'
import { operations } from '../testing/operations.ts'

const parameter = '~'
/** Stands for each argument: a parameter of a path as text, a file as it is. */
const argument = Object.assign(new File([], 'notes.txt'), { toString: () => parameter })

test('a named method of the client calls each operation of the API', async () => {
  const called = new Set<string>()
  const record = (method: string, url: string) =>
    void called.add(`${method} ${new URL(url).pathname.replace('/api/v1', '')}`)
  const muster = createMuster({
    baseUrl: 'http://muster.example',
    fetch: async ({ method, url }) => {
      record(method, url)
      return Response.json({ success: true, data: {}, pagination: {} })
    },
  })
  for (const method of methodsOf(muster)) {
    const result = await Promise.resolve(method(argument, argument, argument, argument)).catch(() => undefined)
    if (typeof result === 'string' && result.startsWith('http')) record('GET', result)
  }
  const expected = Object.values(operations).map((operation) => operation.replaceAll(/\{\w+\}/g, parameter))
  expect([...called].sort()).toEqual(expected.sort())
})

function methodsOf({ session: _session, http: _http, ...groups }: Muster) {
  type Method = (...given: unknown[]) => unknown
  return Object.values(groups as unknown as Record<string, Record<string, Method>>).flatMap(
    ({ waitUntilReady: _, ...methods }) => Object.values(methods),
  )
}
