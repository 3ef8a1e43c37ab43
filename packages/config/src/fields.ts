import type { KeyRing } from '@muster/security/key-ring'
import { z } from 'zod'
import { fingerprintOf } from './shared-keys.ts'

const minKeyBytes = 32

/** Parses a key ring `id:base64[,id:base64…]`. The first key is current; each has at least 32 bytes. */
export const keyRing = () =>
  z.string().transform((text, ctx): KeyRing => {
    const keys = new Map<string, Buffer>()
    const idsByFingerprint = new Map<string, string>()
    for (const part of text.split(',').map((entry) => entry.trim())) {
      const [, id, base64] = /^([a-z0-9_-]{1,16}):([A-Za-z0-9+/]+={0,2})$/.exec(part) ?? []
      const key = Buffer.from(base64 ?? '', 'base64')
      if (!id || keys.has(id))
        ctx.addIssue(id ? `the key id "${id}" is used twice` : 'write it as id:base64[,id:base64…]')
      else if (key.length < minKeyBytes)
        ctx.addIssue(`the key "${id}" has ${key.length} bytes; it needs ${minKeyBytes}`)
      else {
        const twin = idsByFingerprint.get(fingerprintOf(key))
        if (twin) ctx.addIssue(`"${twin}" and "${id}" are the same key; each id needs a key of its own`)
        idsByFingerprint.set(fingerprintOf(key), id)
        keys.set(id, key)
      }
    }
    const [currentId] = keys.keys()
    return { currentId: currentId ?? '', keys }
  })

/** Parses a whole number within bounds. */
export const int = (bounds: { min: number; max: number; default?: number }) => {
  const field = z.coerce.number().int().min(bounds.min).max(bounds.max)
  return bounds.default === undefined ? field : field.default(bounds.default)
}

/** Parses a comma-separated list; empty when unset. */
export const csv = () =>
  z
    .string()
    .default('')
    .transform((text) =>
      text
        .split(',')
        .map((entry) => entry.trim())
        .filter(Boolean),
    )

/** The variables that every process reads. */
export const processEnv = (defaults: { opsPort: number }) => ({
  NODE_ENV: z.enum(['development', 'test', 'production']).default('development'),
  LOG_LEVEL: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']).default('info'),
  DATABASE_URL: z.url({ protocol: /^postgres(ql)?$/ }),
  DATABASE_POOL_MAX: int({ min: 2, max: 200, default: 10 }),
  REDIS_URL: z.url({ protocol: /^rediss?$/ }),
  OPS_HOST: z.string().default('127.0.0.1'),
  OPS_PORT: int({ min: 0, max: 65_535, default: defaults.opsPort }),
})

type ProcessEnv = z.output<z.ZodObject<ReturnType<typeof processEnv>>>

/** Converts the variables of {@link processEnv} to settings. */
export const processSettings = (read: ProcessEnv) => ({
  logLevel: read.LOG_LEVEL,
  ops: { host: read.OPS_HOST, port: read.OPS_PORT },
  database: { url: read.DATABASE_URL, poolMax: read.DATABASE_POOL_MAX },
  redisUrl: read.REDIS_URL,
})

/** Parses how many jobs a worker process runs in parallel. */
export const workerConcurrency = (fallback: number) => int({ min: 1, max: 500, default: fallback })
