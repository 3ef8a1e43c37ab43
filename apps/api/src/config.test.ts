import { ConfigError, keyRingNames } from '@muster/config'
import { describe, expect, test } from 'vitest'
import { readConfig } from './config.ts'

const rings = Object.fromEntries(
  keyRingNames.map((name, index) => [name, `k1:${Buffer.alloc(32, index + 1).toString('base64')}`]),
)
const minimal = {
  DATABASE_URL: 'postgres://host/muster',
  REDIS_URL: 'redis://host',
  STORAGE_LOCAL_DIR: '/files',
  STAGING_DIR: '/staging',
  ...rings,
}
const faultsOf = (env: NodeJS.ProcessEnv): readonly string[] => {
  try {
    readConfig({ ...minimal, ...env })
  } catch (error) {
    if (error instanceof ConfigError) return error.faults
  }
  return []
}

test('every refused value is named by its variable, in words, without the value', () => {
  const names = [
    ...[
      'NODE_ENV',
      'LOG_LEVEL',
      'DATABASE_URL',
      'DATABASE_POOL_MAX',
      'REDIS_URL',
      'OPS_PORT',
      'PORT',
      'PUBLIC_URL',
      'WEB_URL',
    ],
    ...[
      'CORS_ORIGINS',
      'TRUSTED_PROXIES',
      'SIGNUP_MODE',
      'BCRYPT_COST',
      'RATE_LIMIT_SCALE',
      'OIDC_ISSUER',
      'STORAGE_DRIVER',
    ],
    ...[
      'CLOUDINARY_URL',
      'CLOUDINARY_FOLDER',
      'CLOUDINARY_UPLOAD_PREFIX',
      'STORAGE_QUOTA_BYTES',
      'BOOTSTRAP_ADMIN_EMAIL',
    ],
    ...keyRingNames,
  ]
  const faults = faultsOf(Object.fromEntries(names.map((name) => [name, 'h!dden$'])))
  for (const name of names) expect(faults.join('\n')).toMatch(new RegExp(`^${name}: `, 'm'))
  expect(faults.join('\n')).not.toMatch(/h!dden|Invalid|expected|Too (?:big|small)|NaN/)
})

test('a missing variable is named with what belongs into it', () => {
  expect(faultsOf({ DATABASE_URL: '', STORAGE_LOCAL_DIR: '', NODE_ENV: 'production' })).toEqual([
    expect.stringMatching(/^DATABASE_URL is missing; write it as postgres:.* or set DATABASE_HOST, DATABASE_PORT/),
    'STORAGE_LOCAL_DIR is missing: the local driver needs it',
    'PUBLIC_URL is missing: production needs https',
  ])
})

test('production refuses a demo', () => {
  const production = { NODE_ENV: 'production', PUBLIC_URL: 'https://api.example.com', DEMO: 'true' }
  expect(faultsOf(production)).toEqual(['DEMO: is for made-up data; production needs false'])
})

describe('PUBLIC_URL', () => {
  test.for(['https://API.Example.com/', 'https://api.example.com:443', ' https://api.example.com '])(
    '%j is https://api.example.com',
    (url) => {
      expect(readConfig({ ...minimal, PUBLIC_URL: url }).publicUrl.href).toBe('https://api.example.com/')
    },
  )

  test.for([
    'https://example.com/muster',
    'https://api.example.com/api/v1/',
    'https://a:b@api.example.com',
    'https://api.example.com?a',
    'api.example.com',
    'ftp://api.example.com',
    'https:///',
  ])('%j is refused with what to write', (url) =>
    expect(faultsOf({ PUBLIC_URL: url })).toEqual([expect.stringMatching(/^PUBLIC_URL: .*such as https:\/\//)]),
  )

  test('is also the address of the front end while WEB_URL is unset', () => {
    const { webUrl, allowedOrigins } = readConfig({ ...minimal, PUBLIC_URL: 'https://muster.example.com/' })
    expect([webUrl, [...allowedOrigins]]).toEqual(['https://muster.example.com', ['https://muster.example.com']])
  })
})

test('the issuer of Google keeps a slash at its end, by which issuers are compared', () => {
  const google = { GOOGLE_CLIENT_ID: 'a', GOOGLE_CLIENT_SECRET: 'b', OIDC_ISSUER: 'https://login.example.com/' }
  expect(readConfig({ ...minimal, ...google }).google?.issuer.href).toBe('https://login.example.com/')
})
