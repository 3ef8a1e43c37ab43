import {
  ConfigError,
  databaseEnv,
  databaseSettings,
  type KeyRingName,
  keyRing,
  keyRingNames,
  parseEnv,
  redisEnv,
  redisSettings,
  urlOfService,
} from '@muster/config'
import type { Rings } from '@muster/keys'
import { refuseStorage, scanEnv, scanSettings, storageEnv, storageSettings } from '@muster/storage/config'
import { z } from 'zod'

type Env = NodeJS.ProcessEnv

/** Reads a part of the settings; undefined when it is missing or faulty, which the check of the configuration reports. */
function attempt<T>(read: () => T): T | undefined {
  try {
    return read()
  } catch (error) {
    if (error instanceof ConfigError) return undefined
    throw error
  }
}

const optional = (env: Env, name: string) => attempt(() => parseEnv(z.object({ [name]: z.string() }), env)[name])

/** Reads each part of the settings by itself, so that a fault of one part leaves the others to be checked. */
export const readSettings = (env: Env) => ({
  database: attempt(() => databaseSettings(parseEnv(z.object(databaseEnv()), env))),
  replicaUrl: optional(env, 'DATABASE_REPLICA_URL'),
  redis: attempt(() => redisSettings(parseEnv(z.object(redisEnv()), env))),
  smtpUrl: attempt(() => parseEnv(z.object({ SMTP_URL: urlOfService('SMTP_URL') }), env).SMTP_URL),
  rings: readRings(env),
  storage: attempt(() => readStorage(env)),
  scan: attempt(() => scanSettings(parseEnv(z.object(scanEnv()), env))),
  stagingDir: optional(env, 'STAGING_DIR'),
  publicUrl: optional(env, 'PUBLIC_URL'),
  issuer: env.GOOGLE_CLIENT_ID ? (optional(env, 'OIDC_ISSUER') ?? 'https://accounts.google.com') : undefined,
  trustedProxies: (env.TRUSTED_PROXIES ?? '')
    .split(',')
    .map((entry) => entry.trim())
    .filter(Boolean),
})

export type Settings = ReturnType<typeof readSettings>

function readStorage(env: Env) {
  const schema = z
    .object(storageEnv())
    .superRefine((read, ctx) =>
      refuseStorage(read, (name, message) => ctx.addIssue({ code: 'custom', path: [name], message })),
    )
  return storageSettings(parseEnv(schema, env))
}

function readRings(env: Env): Rings {
  const read = (name: KeyRingName) => attempt(() => parseEnv(z.object({ [name]: keyRing() }), env)[name])
  return Object.fromEntries(keyRingNames.flatMap((name) => (read(name) ? [[name, read(name)]] : [])))
}
