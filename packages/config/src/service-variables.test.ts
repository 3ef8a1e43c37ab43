import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { ConfigError, commandEnv, parseEnv, urlOfService, withServices } from './index.ts'

const schema = z.object({
  DATABASE_URL: urlOfService('DATABASE_URL').optional(),
  REDIS_URL: urlOfService('REDIS_URL').optional(),
  SMTP_URL: urlOfService('SMTP_URL').optional(),
  SECRET: z.string().optional(),
})
const read = (env: NodeJS.ProcessEnv) => parseEnv(schema, env)
const faultsOf = (env: NodeJS.ProcessEnv): readonly string[] => {
  try {
    read(env)
  } catch (error) {
    if (error instanceof ConfigError) return error.faults
  }
  return []
}

let folder: string
const file = (name: string, content: string | Buffer) => {
  writeFileSync(join(folder, name), content)
  return join(folder, name)
}
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'muster-secrets-'))
})
afterAll(() => rmSync(folder, { recursive: true }))

const password = 'Hidden/7#a?b@c%d:e f'

describe('the URL of a service', () => {
  const urls = { DATABASE_URL: 'postgres', REDIS_URL: 'redis', SMTP_URL: 'smtp' }
  const cases = Object.entries(urls).flatMap(([name, scheme]) =>
    ['a/b', 'a#b', 'a?b', '12#b', '1/2@3', '4?5', 'a%b', 'a%zz', '%E9', 'a b', '@/', 'x@y/z'].map((secret) => ({
      name,
      secret,
      url: `${scheme}://muster:${secret}@host.example:1234/name`,
    })),
  )
  test.for(cases)('with the password $secret in $name is refused with what to encode', ({ name, secret, url }) => {
    const [fault, ...more] = faultsOf({ [name]: url })
    expect(fault).toMatch(new RegExp(`^${name}: its user name or password must be percent-encoded .*/ as %2F`))
    expect([more, fault?.includes(`:${secret}@`)]).toEqual([[], false])
  })

  test.for([
    'postgres://muster:a%2Fb%23@host/name',
    'postgres://muster:a:b@host/name',
    'postgres://muster:a@b@host/name',
    'postgresql://host:5432/name?application_name=me@home',
    'postgres://muster:secret@host/name?options=-c%20search_path=a@b',
    ' postgres://host/name ',
    'POSTGRES://host/name',
    'postgres://%2Fvar%2Frun%2Fpostgresql/name',
  ])('%j is taken', (url) => {
    expect(read({ DATABASE_URL: url }).DATABASE_URL).toBe(url.trim())
  })

  test.for([
    ['"postgres://host/name"', 'quotation marks'],
    ['mysql://muster:Hidden@host/name', 'write it as postgres://'],
    ['host:5432', 'write it as postgres://'],
    ['postgres://muster:Hidden@host:99999/name', 'is not a URL; write it as postgres://'],
  ])('%j is refused with the right form, without its value', ([url, reason]) => {
    const faults = faultsOf({ DATABASE_URL: url })
    expect(faults).toEqual([expect.stringMatching(`^DATABASE_URL: .*${reason}`)])
    expect(faults.join()).not.toMatch(/Hidden|99999|mysql/)
  })
})

describe('parts instead of a URL', () => {
  test('keep every character of a password', () => {
    const env = {
      DATABASE_HOST: 'db.example',
      DATABASE_NAME: 'muster',
      DATABASE_USER: 'me@home',
      DATABASE_PASSWORD: password,
      DATABASE_SSLMODE: 'verify-full',
      REDIS_HOST: '::1',
      REDIS_PASSWORD: password,
      REDIS_TLS: 'true',
      REDIS_DB: '3',
      SMTP_HOST: 'smtp.example',
      SMTP_PORT: '465',
      SMTP_USER: 'me',
      SMTP_PASSWORD: password,
    }
    const { DATABASE_URL = '', REDIS_URL = '', SMTP_URL = '' } = read(env)
    for (const url of [DATABASE_URL, REDIS_URL, SMTP_URL])
      expect(decodeURIComponent(new URL(url).password)).toBe(password)
    expect(DATABASE_URL).toMatch(/^postgres:\/\/me%40home:.*@db\.example:5432\/muster\?sslmode=verify-full$/)
    expect(REDIS_URL).toMatch(/^rediss:\/\/:.*@\[::1\]:6379\/3$/)
    expect(SMTP_URL).toMatch(/^smtps:\/\/me:.*@smtp\.example:465\/$/)
  })

  test.for([
    [
      { DATABASE_HOST: '/run/postgresql', DATABASE_NAME: 'm', DATABASE_USER: 'u' },
      'postgres://u@%2Frun%2Fpostgresql:5432/m',
    ],
    [{ REDIS_HOST: 'r' }, 'redis://r:6379/0'],
    [{ SMTP_HOST: 's', SMTP_TLS: 'starttls' }, 'smtp://s:587/?requireTLS=true'],
    [{ SMTP_HOST: 's', SMTP_TLS: 'implicit' }, 'smtps://s:465/'],
    [{ SMTP_HOST: 's', SMTP_PORT: '25', SMTP_TLS: 'opportunistic' }, 'smtp://s:25/'],
  ])('%j make %s', ([env, url]) => {
    expect(Object.values(read(env as NodeJS.ProcessEnv)).filter(Boolean)).toEqual([url])
  })

  test.for([
    [
      { REDIS_URL: 'redis://r', REDIS_PASSWORD: password },
      'REDIS_URL is set, and so is REDIS_PASSWORD; set the URL or its parts',
    ],
    [
      { DATABASE_USER: 'u', DATABASE_PASSWORD: password },
      'DATABASE_HOST is missing; set it beside DATABASE_USER, DATABASE_PASSWORD',
    ],
    [{ REDIS_HOST: 'redis://r' }, 'REDIS_HOST: write a host name or address alone'],
    [{ REDIS_HOST: 'r', REDIS_PORT: '0' }, 'REDIS_PORT: is not a whole number from 1 to 65535'],
    [{ REDIS_HOST: 'r', REDIS_TLS: 'on' }, 'REDIS_TLS: is neither true nor false'],
    [{ SMTP_HOST: 's', SMTP_TLS: 'ssl' }, 'SMTP_TLS: is not one of implicit, starttls, opportunistic'],
  ])('%j are refused by name', ([env, fault]) => {
    const faults = faultsOf(env as NodeJS.ProcessEnv).join('\n')
    expect(faults).toContain(fault)
    expect(faults).not.toContain('Hidden')
  })

  test('the variables that Kubernetes sets for a service of that name are no parts', () => {
    const link = {
      REDIS_PORT: 'tcp://10.0.0.7:6379',
      SMTP_PORT: 'tcp://10.0.0.8:25',
      DATABASE_PORT: 'tcp://10.0.0.9:5432',
    }
    expect(read({ REDIS_URL: 'redis://r', ...link }).REDIS_URL).toBe('redis://r')
    expect(read({ REDIS_HOST: 'r', ...link }).REDIS_URL).toBe('redis://r:6379/0')
  })
})

describe('a variable in a file', () => {
  test('is read without the line end behind it, also as the part of a URL', () => {
    const SECRET_FILE = file('secret', '\ufeffkept \r\n')
    const REDIS_PASSWORD_FILE = file('redis', `${password}\n`)
    const { SECRET, REDIS_URL = '' } = read({ SECRET_FILE, REDIS_HOST: 'r', REDIS_PASSWORD_FILE })
    expect([SECRET, decodeURIComponent(new URL(REDIS_URL).password)]).toEqual(['kept ', password])
  })

  test('is refused by variable and path when it cannot be read, and together with the variable', () => {
    mkdirSync(join(folder, 'folder'))
    chmodSync(file('private', 'Hidden'), 0)
    const cases: [string, RegExp][] = [
      [join(folder, 'none'), /does not exist/],
      [join(folder, 'secret', 'deeper'), /does not exist/],
      [join(folder, 'folder'), /is a folder/],
      [file('empty', '\n'), /is empty/],
      [file('bytes', Buffer.from([0xff, 0xfe])), /not UTF-8/],
      [file('long', Buffer.alloc(1024 * 1024 + 2, 'a')), /longer than 1 MiB/],
      ['/dev/zero', /longer than 1 MiB/],
    ]
    if (process.getuid?.() !== 0) cases.push([join(folder, 'private'), /may not read/])
    for (const [path, reason] of cases) {
      const faults = faultsOf({ SECRET_FILE: path })
      expect(faults).toEqual([expect.stringMatching(reason)])
      expect(faults[0]).toContain(`SECRET_FILE names ${JSON.stringify(path)}`)
    }
    expect(faultsOf({ SECRET_FILE: 'Hidden' })).toEqual(['SECRET_FILE names a relative path, which does not exist'])
    const both = faultsOf({ SECRET: 'Hidden', SECRET_FILE: file('both', 'Hidden') })
    expect(both).toEqual(['SECRET_FILE is set, and so is SECRET; set one of them'])
    const url = faultsOf({ REDIS_URL_FILE: join(folder, 'none'), REDIS_HOST: 'r' })
    expect(url.join('\n')).toMatch(/REDIS_URL_FILE names .*\nREDIS_URL is set, and so is REDIS_HOST/)
  })
})

test('a command uses the database that parts or a file name instead of that of the running copy', () => {
  const home = mkdtempSync(join(folder, 'home-'))
  writeFileSync(join(home, 'run.json'), JSON.stringify({ urls: { postgres: 'postgres://own', redis: 'redis://own' } }))
  writeFileSync(join(home, 'secrets.json'), JSON.stringify({ keyRings: { COOKIE_KEYS: 'k1:own' } }))
  const parts = { MUSTER_HOME: home, DATABASE_HOST: 'd', DATABASE_NAME: 'n', DATABASE_USER: 'u' }
  expect(commandEnv('/', parts)).toEqual(parts)
  const inFile = { MUSTER_HOME: home, DATABASE_URL_FILE: file('url', 'postgres://other\n') }
  expect(commandEnv('/', inFile)).toEqual(inFile)
  const same = { MUSTER_HOME: home, DATABASE_URL_FILE: file('own-url', 'postgres://own\n'), COOKIE_KEYS_FILE: '/keys' }
  const files = { STORAGE_LOCAL_DIR: join(home, 'files'), STAGING_DIR: join(home, 'staging') }
  expect(commandEnv('/', same)).toEqual({ ...same, ...files, REDIS_URL: 'redis://own' })
})

test('services that the caller of a process chose replace every variable that names others', () => {
  const env = { PATH: '/bin', REDIS_HOST: 'r', REDIS_PASSWORD_FILE: '/p', DATABASE_URL_FILE: '/d', SMTP_PORT: '1025' }
  const urls = { DATABASE_URL: 'postgres://d', REDIS_URL: 'redis://r', SMTP_URL: 'smtp://s' }
  expect(withServices(env, urls)).toEqual({ PATH: '/bin', ...urls })
  const pooled = { DATABASE_URL: 'postgres://d', DATABASE_POOLER: 'transaction', DATABASE_DIRECT_URL: 'postgres://e' }
  expect(withServices(pooled, urls)).toEqual({ ...pooled, ...urls })
  expect(withServices({ ...pooled, DATABASE_URL: 'postgres://other' }, urls)).toEqual(urls)
})
