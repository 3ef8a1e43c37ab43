import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { processTuning } from '@muster/cores'
import type { AppName, Env } from './apps.ts'
import type { UsedSecrets } from './used-secrets.ts'

type Addresses = { postgresUrl: string; redisUrl: string; smtpUrl: string; apiUrl: string }

/** Returns the settings that all processes of a system share. */
export function sharedEnv(home: string, { postgresUrl, redisUrl, smtpUrl, apiUrl }: Addresses): Env {
  return {
    NODE_ENV: 'test',
    LOG_LEVEL: 'debug',
    ...processTuning(),
    DATABASE_URL: postgresUrl,
    REDIS_URL: redisUrl,
    SMTP_URL: smtpUrl,
    MAIL_FROM: 'Muster <no-reply@muster.test>',
    PUBLIC_URL: apiUrl,
    BCRYPT_COST: '4',
    RATE_LIMIT_SCALE: '100000',
    STORAGE_LOCAL_DIR: join(home, 'files'),
    STAGING_DIR: join(home, 'staging'),
    REMINDER_TICK_MS: '250',
  }
}

/** Generates the key rings of each process and adds every key to the secrets. */
export function createKeyRings(secrets: UsedSecrets): Record<AppName, Env> {
  const keyRing = () => {
    const base64 = randomBytes(32).toString('base64')
    secrets.add('key', base64)
    return `k1:${base64}`
  }
  const mailCodes = { MAIL_CODE_KEYS: keyRing() }
  const audit = { AUDIT_KEYS: keyRing() }
  return {
    api: {
      ACCESS_TOKEN_KEYS: keyRing(),
      REFRESH_TOKEN_KEYS: keyRing(),
      PASSWORD_KEYS: keyRing(),
      COOKIE_KEYS: keyRing(),
      ENCRYPTION_KEYS: keyRing(),
      ...mailCodes,
      ...audit,
    },
    'email-worker': mailCodes,
    'audit-worker': audit,
    'reminder-worker': {},
    'image-worker': {},
  }
}
