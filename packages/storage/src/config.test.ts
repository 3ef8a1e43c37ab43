import { ConfigError, parseEnv } from '@muster/config'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { refuseStorage, storageEnv, storageSettings } from './config.ts'

const schema = z
  .object({ NODE_ENV: z.string().optional(), PORT: z.coerce.number(), ...storageEnv() })
  .superRefine(
    (read, ctx) => refuseStorage(read, (name, message) => ctx.addIssue({ code: 'custom', path: [name], message })),
    { when: () => true },
  )

const read = (env: NodeJS.ProcessEnv) => storageSettings(parseEnv(schema, { PORT: '1', ...env }))
const faultsOf = (env: NodeJS.ProcessEnv) => {
  try {
    read(env)
  } catch (error) {
    if (error instanceof ConfigError) return error.faults
  }
  return []
}
const cloudinary = { STORAGE_DRIVER: 'cloudinary' }
const url = { CLOUDINARY_URL: 'cloudinary://123:s3cret-_x@team' }

test('the local driver is the default and requires its folder', () => {
  expect(read({ STORAGE_LOCAL_DIR: '/files' })).toEqual({ driver: 'local', localDir: '/files' })
  expect(faultsOf({ PORT: 'x' }).map((fault) => fault.split(/[: ]/)[0])).toEqual(['PORT', 'STORAGE_LOCAL_DIR'])
})

test('an account is set by one URL or by three variables, not by both', () => {
  const account = {
    driver: 'cloudinary',
    cloudName: 'team',
    apiKey: '123',
    apiSecret: 's3cret-_x',
    folder: 'muster',
    apiUrl: 'https://api.cloudinary.com',
    deliveryUrl: 'https://res.cloudinary.com/team',
    signatureAlgorithm: 'sha1',
  }
  const three = { CLOUDINARY_CLOUD_NAME: 'team', CLOUDINARY_API_KEY: '123', CLOUDINARY_API_SECRET: 's3cret-_x' }
  expect(read({ ...cloudinary, ...url })).toEqual(account)
  expect(read({ ...cloudinary, ...three })).toEqual(account)
  expect(faultsOf({ ...cloudinary, ...url, ...three })).toEqual([expect.stringMatching(/^CLOUDINARY_URL: set it, or/)])
  expect(faultsOf(cloudinary)).toEqual(
    Object.keys(three).map((name) => `${name} is missing: set it, or CLOUDINARY_URL`),
  )
})

test('region, folder and private CDN can be set', () => {
  const env = {
    CLOUDINARY_UPLOAD_PREFIX: 'https://api-eu.cloudinary.com/',
    CLOUDINARY_DELIVERY_URL: 'https://team-res.cloudinary.com',
    CLOUDINARY_FOLDER: 'apps/muster-2',
    CLOUDINARY_SIGNATURE_ALGORITHM: 'sha256',
  }
  expect(read({ ...cloudinary, ...url, ...env })).toMatchObject({
    apiUrl: 'https://api-eu.cloudinary.com',
    deliveryUrl: 'https://team-res.cloudinary.com',
    folder: 'apps/muster-2',
    signatureAlgorithm: 'sha256',
  })
})

test('all faults are reported together without values, and production requires https', () => {
  const faults = faultsOf({
    NODE_ENV: 'production',
    PORT: 'x',
    ...cloudinary,
    CLOUDINARY_URL: 'https://123:s3cret-_x@team',
    CLOUDINARY_FOLDER: '../other',
    CLOUDINARY_UPLOAD_PREFIX: 'http://api.cloudinary.com',
  })
  expect(faults.map((fault) => fault.split(/[: ]/)[0])).toEqual(
    expect.arrayContaining(['PORT', 'CLOUDINARY_URL', 'CLOUDINARY_FOLDER', 'CLOUDINARY_UPLOAD_PREFIX']),
  )
  expect(faults.join()).not.toContain('s3cret')
})

test('the s3 driver requires its bucket, and a key only together with its secret', () => {
  const s3 = { STORAGE_DRIVER: 's3', S3_BUCKET: 'files' }
  const defaults = {
    driver: 's3',
    bucket: 'files',
    region: 'us-east-1',
    prefix: 'muster',
    forcesPathStyle: false,
    checksums: 'when-supported',
  }
  expect(read(s3)).toEqual(defaults)
  const minio = {
    S3_ENDPOINT: 'http://minio:9000/',
    S3_REGION: 'eu-central-1',
    S3_ACCESS_KEY_ID: 'id',
    S3_SECRET_ACCESS_KEY: 's3cret',
    S3_PREFIX: 'apps/muster-2',
    S3_CHECKSUMS: 'when-required',
  }
  expect(read({ ...s3, ...minio })).toEqual({
    driver: 's3',
    bucket: 'files',
    region: 'eu-central-1',
    endpoint: 'http://minio:9000',
    credentials: { accessKeyId: 'id', secretAccessKey: 's3cret' },
    prefix: 'apps/muster-2',
    forcesPathStyle: true,
    checksums: 'when-required',
  })
  expect(read({ ...s3, ...minio, S3_FORCE_PATH_STYLE: 'false' })).toMatchObject({ forcesPathStyle: false })
  const faults = faultsOf({ STORAGE_DRIVER: 's3', S3_SECRET_ACCESS_KEY: 's3cret', S3_PREFIX: '/x', S3_CHECKSUMS: 'no' })
  expect(faults.map((fault) => fault.split(/[: ]/)[0]).sort()).toEqual([
    'S3_ACCESS_KEY_ID',
    'S3_BUCKET',
    'S3_CHECKSUMS',
    'S3_PREFIX',
  ])
  expect(faults.join()).not.toContain('s3cret')
})
