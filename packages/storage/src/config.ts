import { httpUrl, oneOf } from '@muster/config'
import { z } from 'zod'
import type { CloudinaryConfig, StorageConfig } from './storage.ts'

/** The environment variables of a process that uses the storage; {@link refuseStorage} validates their combination. */
export const storageEnv = () => ({
  STORAGE_DRIVER: oneOf(['local', 'cloudinary']).default('local'),
  STORAGE_LOCAL_DIR: z.string().optional(),
  /** Replaces the three variables below. */
  CLOUDINARY_URL: z.string().regex(urlShape, 'write it as cloudinary://<api key>:<api secret>@<cloud name>').optional(),
  CLOUDINARY_CLOUD_NAME: z.string().optional(),
  CLOUDINARY_API_KEY: z.string().optional(),
  CLOUDINARY_API_SECRET: z.string().optional(),
  /** The folder of all files, e.g. of attachments in `<folder>/attachments`. */
  CLOUDINARY_FOLDER: z
    .string()
    .regex(
      /^[A-Za-z0-9][\w-]*(?:\/[A-Za-z0-9][\w-]*)*$/,
      'write it as names of letters, digits, _ and -, separated by /',
    )
    .default('muster'),
  CLOUDINARY_UPLOAD_PREFIX: httpUrl().default('https://api.cloudinary.com'),
  /** The address for downloads; defaults to `https://res.cloudinary.com/<cloud name>`, and differs for a private CDN. */
  CLOUDINARY_DELIVERY_URL: httpUrl().optional(),
  /** The signature algorithm of the account. */
  CLOUDINARY_SIGNATURE_ALGORITHM: oneOf(['sha1', 'sha256']).default('sha1'),
})

const urlShape = /^cloudinary:\/\/([\w-]+):([\w-]+)@([\w-]+)\/?$/

type StorageEnv = z.output<z.ZodObject<ReturnType<typeof storageEnv>>>

const credentials = ['CLOUDINARY_CLOUD_NAME', 'CLOUDINARY_API_KEY', 'CLOUDINARY_API_SECRET'] as const

/** Reports missing variables of the driver, and settings that are unsafe in production. Invalid fields may be missing in `read`. */
export function refuseStorage(
  read: Partial<StorageEnv> & { NODE_ENV?: string },
  refuse: (name: string, message: string) => void,
): void {
  if (read.STORAGE_DRIVER === 'local' && !read.STORAGE_LOCAL_DIR)
    refuse('STORAGE_LOCAL_DIR', 'the local driver needs it')
  if (read.STORAGE_DRIVER !== 'cloudinary') return
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

/** Converts the variables of {@link storageEnv} to the configuration of the storage. */
export function storageSettings(read: StorageEnv): StorageConfig {
  return read.STORAGE_DRIVER === 'local'
    ? { driver: 'local', localDir: read.STORAGE_LOCAL_DIR ?? '' }
    : cloudinarySettings(read)
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
export const storageFolders = (config: StorageConfig) =>
  config.driver === 'local'
    ? [{ path: config.localDir, what: 'The folder that keeps all files', variable: 'STORAGE_LOCAL_DIR', isMade: true }]
    : []
