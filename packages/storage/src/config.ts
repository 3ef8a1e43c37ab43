import { httpUrl, oneOf, optionalFlag } from '@muster/config'
import { z } from 'zod'
import type { CloudinaryConfig, S3Config, StorageConfig, StorageSettings } from './storage.ts'

export const storageDrivers = ['local', 'cloudinary', 's3'] as const
export type StorageDriverName = (typeof storageDrivers)[number]

/** The environment variables of a process that uses the storage; {@link refuseStorage} validates their combination. */
export const storageEnv = () => ({
  STORAGE_DRIVER: oneOf(storageDrivers).default('local'),
  /** The other store while files move: what the first one lacks is read there, and files are deleted in both. */
  STORAGE_FALLBACK_DRIVER: oneOf(storageDrivers).optional(),
  STORAGE_LOCAL_DIR: z.string().optional(),
  /** Replaces the three variables below. */
  CLOUDINARY_URL: z.string().regex(urlShape, 'write it as cloudinary://<api key>:<api secret>@<cloud name>').optional(),
  CLOUDINARY_CLOUD_NAME: z.string().optional(),
  CLOUDINARY_API_KEY: z.string().optional(),
  CLOUDINARY_API_SECRET: z.string().optional(),
  /** The folder of all files, e.g. of attachments in `<folder>/attachments`. */
  CLOUDINARY_FOLDER: folder().default('muster'),
  CLOUDINARY_UPLOAD_PREFIX: httpUrl().default('https://api.cloudinary.com'),
  /** The address for downloads; defaults to `https://res.cloudinary.com/<cloud name>`, and differs for a private CDN. */
  CLOUDINARY_DELIVERY_URL: httpUrl().optional(),
  /** The signature algorithm of the account. */
  CLOUDINARY_SIGNATURE_ALGORITHM: oneOf(['sha1', 'sha256']).default('sha1'),
  S3_BUCKET: z.string().regex(bucketShape, 'is no name of a bucket: 3 to 63 letters, digits, . _ and -').optional(),
  S3_REGION: z
    .string()
    .regex(/^[a-z0-9-]{1,64}$/, 'write it as the region of the bucket, e.g. eu-central-1')
    .default('us-east-1'),
  /** The address of a server that speaks the protocol of S3; unset, Amazon's. */
  S3_ENDPOINT: httpUrl().optional(),
  /** With its secret; unset, the SDK finds credentials, for example of the role of the machine. */
  S3_ACCESS_KEY_ID: z.string().optional(),
  S3_SECRET_ACCESS_KEY: z.string().optional(),
  /** The prefix of all files, e.g. of attachments in `<prefix>/attachments`. */
  S3_PREFIX: folder().default('muster'),
  /** Whether addresses have the bucket in their path; defaults to true with S3_ENDPOINT. */
  S3_FORCE_PATH_STYLE: optionalFlag().optional(),
  S3_CHECKSUMS: oneOf(['when-supported', 'when-required']).default('when-supported'),
})

/** Parses a folder of a remote storage. */
function folder() {
  const shape = /^[A-Za-z0-9][\w-]*(?:\/[A-Za-z0-9][\w-]*)*$/
  return z.string().regex(shape, 'write it as names of letters, digits, _ and -, separated by /')
}

const bucketShape = /^[A-Za-z0-9][\w.-]{1,61}[A-Za-z0-9]$/

const urlShape = /^cloudinary:\/\/([\w-]+):([\w-]+)@([\w-]+)\/?$/

type StorageEnv = z.output<z.ZodObject<ReturnType<typeof storageEnv>>>

const credentials = ['CLOUDINARY_CLOUD_NAME', 'CLOUDINARY_API_KEY', 'CLOUDINARY_API_SECRET'] as const

/** Reports missing variables of the driver, and settings that are unsafe in production. Invalid fields may be missing in `read`. */
export function refuseStorage(read: Partial<StorageEnv> & { NODE_ENV?: string }, refuse: Refuse): void {
  const { STORAGE_DRIVER: driver = 'local', STORAGE_FALLBACK_DRIVER: fallback } = read
  if (driver === fallback)
    refuse('STORAGE_FALLBACK_DRIVER', 'name the other driver, between which and this one files move')
  for (const name of new Set([driver, fallback ?? driver])) refuseDriver(name, read, refuse)
}

/** Reports missing and unsafe variables of one driver. */
export function refuseDriver(driver: StorageDriverName, read: Given, refuse: Refuse): void {
  if (driver === 'local' && !read.STORAGE_LOCAL_DIR) refuse('STORAGE_LOCAL_DIR', 'the local driver needs it')
  if (driver === 's3') refuseS3(read, refuse)
  if (driver === 'cloudinary') refuseCloudinary(read, refuse)
}

type Given = Partial<StorageEnv> & { NODE_ENV?: string }
type Refuse = (name: string, message: string) => void

function refuseS3(read: Given, refuse: Refuse): void {
  if (!read.S3_BUCKET) refuse('S3_BUCKET', 'the s3 driver needs it')
  if (Boolean(read.S3_ACCESS_KEY_ID) === Boolean(read.S3_SECRET_ACCESS_KEY)) return
  const message = 'set it together with S3_SECRET_ACCESS_KEY, or neither to use the credentials of the machine'
  refuse('S3_ACCESS_KEY_ID', message)
}

function refuseCloudinary(read: Given, refuse: Refuse): void {
  const given = credentials.filter((name) => read[name])
  if (read.CLOUDINARY_URL && given.length > 0) refuse('CLOUDINARY_URL', `set it, or ${credentials.join(', ')}`)
  if (!read.CLOUDINARY_URL) {
    for (const name of credentials) if (!read[name]) refuse(name, 'set it, or CLOUDINARY_URL')
  }
  if (read.NODE_ENV !== 'production') return
  for (const name of ['CLOUDINARY_UPLOAD_PREFIX', 'CLOUDINARY_DELIVERY_URL'] as const) {
    if (read[name]?.startsWith('http:')) refuse(name, 'production needs https')
  }
}

/** Converts the variables of {@link storageEnv} to the settings of the storage. */
export function storageSettings(read: StorageEnv): StorageSettings {
  const { STORAGE_DRIVER: driver, STORAGE_FALLBACK_DRIVER: fallback } = read
  return { ...driverSettings(driver, read), ...(fallback && { fallback: driverSettings(fallback, read) }) }
}

/** Converts the variables of one driver. */
export function driverSettings(driver: StorageDriverName, read: StorageEnv): StorageConfig {
  if (driver === 'local') return { driver: 'local', localDir: read.STORAGE_LOCAL_DIR ?? '' }
  return driver === 's3' ? s3Settings(read) : cloudinarySettings(read)
}

function s3Settings(read: StorageEnv): S3Config {
  const { S3_ACCESS_KEY_ID: accessKeyId, S3_SECRET_ACCESS_KEY: secretAccessKey } = read
  return {
    driver: 's3',
    bucket: read.S3_BUCKET ?? '',
    region: read.S3_REGION,
    ...(read.S3_ENDPOINT && { endpoint: read.S3_ENDPOINT }),
    ...(accessKeyId && secretAccessKey && { credentials: { accessKeyId, secretAccessKey } }),
    prefix: read.S3_PREFIX,
    forcesPathStyle: read.S3_FORCE_PATH_STYLE ?? read.S3_ENDPOINT !== undefined,
    checksums: read.S3_CHECKSUMS,
  }
}

function cloudinarySettings(read: StorageEnv): CloudinaryConfig {
  const [, apiKey, apiSecret, cloudName] = urlShape.exec(read.CLOUDINARY_URL ?? '') ?? [
    '',
    read.CLOUDINARY_API_KEY,
    read.CLOUDINARY_API_SECRET,
    read.CLOUDINARY_CLOUD_NAME,
  ]
  return {
    driver: 'cloudinary',
    cloudName: cloudName ?? '',
    apiKey: apiKey ?? '',
    apiSecret: apiSecret ?? '',
    folder: read.CLOUDINARY_FOLDER,
    apiUrl: read.CLOUDINARY_UPLOAD_PREFIX,
    deliveryUrl: read.CLOUDINARY_DELIVERY_URL ?? `https://res.cloudinary.com/${cloudName}`,
    signatureAlgorithm: read.CLOUDINARY_SIGNATURE_ALGORITHM,
  }
}

/** Lists the local folders that the storage must be able to write to; empty for a remote storage. */
export const storageFolders = ({ fallback, ...config }: StorageSettings) =>
  [config as StorageConfig, ...(fallback ? [fallback] : [])].flatMap((one) =>
    one.driver === 'local'
      ? [{ path: one.localDir, what: 'The folder that keeps all files', variable: 'STORAGE_LOCAL_DIR', isMade: true }]
      : [],
  )

export { type ScanSettings, scanEnv, scanSettings } from './scan-command.ts'
export { scannerCheck } from './scanner-check.ts'
