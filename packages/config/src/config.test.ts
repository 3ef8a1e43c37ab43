import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { z } from 'zod'
import {
  ConfigError,
  commandEnv,
  csv,
  databaseEnv,
  databaseSettings,
  int,
  keyRing,
  parseEnv,
  processEnv,
  processSettings,
} from './index.ts'

const key = (fill: number) => Buffer.alloc(32, fill).toString('base64')
const faultsOf = (schema: z.ZodObject, env: NodeJS.ProcessEnv) => {
  try {
    parseEnv(schema, env)
  } catch (error) {
    if (error instanceof ConfigError) return error.faults
  }
  return []
}

test('all faults are reported together and without values', () => {
  const schema = z.object({ ...processEnv({ opsPort: 9_100 }), KEYS: keyRing(), PORT: int({ min: 1, max: 10 }) })
  const faults = faultsOf(schema, {
    REDIS_URL: 'http://S3cret',
    KEYS: `k1:${Buffer.alloc(8, 's').toString('base64')}`,
    PORT: '11',
  })
  expect(faults.map((fault) => fault.split(/[: ]/)[0])).toEqual(['DATABASE_URL', 'REDIS_URL', 'KEYS', 'PORT'])
  expect(faults.join()).not.toContain('S3cret')
  expect(faults[2]).toContain('has 8 bytes; it needs 32')
})

test('the delay of a stop is 5 s in production, none elsewhere, and can be set', () => {
  const services = { DATABASE_URL: 'postgres://a@localhost/b', REDIS_URL: 'redis://localhost' }
  const delayOf = (env: NodeJS.ProcessEnv) =>
    processSettings(parseEnv(z.object(processEnv({ opsPort: 9_100 })), { ...services, ...env })).shutdownDelayMs
  expect([delayOf({ NODE_ENV: 'production' }), delayOf({}), delayOf({ NODE_ENV: 'test' })]).toEqual([5_000, 0, 0])
  expect(delayOf({ NODE_ENV: 'production', SHUTDOWN_DELAY_MS: '0' })).toBe(0)
  expect(() => delayOf({ SHUTDOWN_DELAY_MS: '15001' })).toThrow('SHUTDOWN_DELAY_MS')
})

test('an empty variable counts as unset, and the result cannot be changed', () => {
  const read = parseEnv(z.object({ LIST: csv(), PORT: int({ min: 1, max: 10, default: 3 }) }), {
    LIST: ' a, b ,',
    PORT: '',
  })
  expect(read).toEqual({ LIST: ['a', 'b'], PORT: 3 })
  expect(Object.isFrozen(read)).toBe(true)
})

test('the first key of a ring is current, the others are kept, and an id is unique', () => {
  const schema = z.object({ KEYS: keyRing() })
  const { KEYS } = parseEnv(schema, { KEYS: `new:${key(2)},old:${key(1)}` })
  expect(KEYS.currentId).toBe('new')
  expect([...KEYS.keys.keys()]).toEqual(['new', 'old'])
  expect(faultsOf(schema, { KEYS: `a:${key(1)},a:${key(2)}` })).toEqual([expect.stringContaining('twice')])
  expect(faultsOf(schema, { KEYS: 'no colon' })).toEqual([expect.stringContaining('id:base64')])
})

test.for([
  ['twice in a ring', { COOKIE_KEYS: `a:${key(1)},b:${key(1)}` }, ['COOKIE_KEYS', '"a" and "b"']],
  [
    'in two rings',
    { COOKIE_KEYS: `k1:${key(1)}`, AUDIT_KEYS: `k2:${key(2)},k1:${key(1)}` },
    ['COOKIE_KEYS', 'AUDIT_KEYS'],
  ],
  [
    'in two rings, once with a zero behind it, which HMAC does not tell apart',
    {
      COOKIE_KEYS: `k1:${key(1)}`,
      AUDIT_KEYS: `k9:${Buffer.concat([Buffer.alloc(32, 1), Buffer.alloc(1)]).toString('base64')}`,
    },
    ['COOKIE_KEYS', 'AUDIT_KEYS', '"k9"'],
  ],
  [
    'in two rings, while another variable is wrong too',
    { COOKIE_KEYS: `k1:${key(1)}`, AUDIT_KEYS: `k1:${key(1)}`, PORT: 'x' },
    ['PORT', 'AUDIT_KEYS'],
  ],
] as const)('a key that is %s is refused by name, and its value is not printed', ([, env, named]) => {
  const schema = z.object({
    COOKIE_KEYS: keyRing(),
    AUDIT_KEYS: keyRing().optional(),
    PORT: int({ min: 1, max: 9, default: 1 }),
  })
  const faults = faultsOf(schema, env).join('\n')
  for (const name of named) expect(faults).toContain(name)
  for (const fill of [1, 2]) expect(faults).not.toContain(key(fill))
})

test('what a pooler in transaction mode would refuse is named at start, with the remedy', () => {
  const faultsFor = (env: NodeJS.ProcessEnv) => {
    const settings = { DATABASE_URL: 'postgres://a:h1dden@pooler:6432/b', DATABASE_POOLER: 'transaction', ...env }
    try {
      databaseSettings(parseEnv(z.object(databaseEnv()), settings))
    } catch (error) {
      return (error as ConfigError).faults.join('\n')
    }
    return ''
  }
  expect(faultsFor({ DATABASE_DIRECT_URL: 'postgres://a@postgres/b' })).toBe('')
  expect(faultsFor({ DATABASE_POOLER: 'statement' })).toMatch(/^DATABASE_POOLER: .*session.*transaction/)
  expect(faultsFor({ DATABASE_DIRECT_URL: 'mysql://a@b' })).toMatch(/^DATABASE_DIRECT_URL: .*postgres:/)
  const same = faultsFor({ DATABASE_DIRECT_URL: 'postgres://other:h1dden@pooler:6432/b?sslmode=require' })
  expect(same).toMatch(/^DATABASE_DIRECT_URL: names the same host and port/)
  const refused = faultsFor({ DATABASE_URL: 'postgres://a:h1dden@pooler:6432/b?options=-c%20work_mem%3D64MB' })
  expect(refused).toMatch(/^DATABASE_URL: .*refuses the parameter options; .*ALTER ROLE/)
  expect(same + refused).not.toContain('h1dden')
})

test('a command gets the keys of the running copy only for the database of that copy', () => {
  const home = mkdtempSync(join(tmpdir(), 'muster-config-'))
  const write = (file: string, value: object) => writeFileSync(join(home, file), JSON.stringify(value))
  write('run.json', { urls: { postgres: 'postgres://own', redis: 'redis://own' } })
  write('secrets.json', { keyRings: { PASSWORD_KEYS: 'k1:own', COOKIE_KEYS: 'k1:own' } })
  const read = (env: NodeJS.ProcessEnv) => commandEnv('/', { MUSTER_HOME: home, ...env })
  const own = { DATABASE_URL: 'postgres://own', REDIS_URL: 'redis://own', COOKIE_KEYS: 'k1:own' }
  expect(read({ DATABASE_URL: '' })).toMatchObject({ ...own, PASSWORD_KEYS: 'k1:own' })
  expect(read({ DATABASE_URL: 'postgres://own', PASSWORD_KEYS: 'k2:given' })).toMatchObject({
    ...own,
    PASSWORD_KEYS: 'k2:given',
  })
  expect(read({ DATABASE_URL: 'postgres://other' })).toEqual({ MUSTER_HOME: home, DATABASE_URL: 'postgres://other' })
  rmSync(home, { recursive: true })
})
