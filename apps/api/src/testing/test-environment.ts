import { join } from 'node:path'

const keyRing = (fill: number) => `k1:${Buffer.alloc(32, fill).toString('base64')}`

/** Returns the environment of an API under test, with its own database, Redis and folder. */
export function testEnvironment(own: { databaseUrl: string; redisUrl: string; folder: string }): NodeJS.ProcessEnv {
  return {
    NODE_ENV: 'test',
    LOG_LEVEL: 'fatal',
    DATABASE_URL: own.databaseUrl,
    DATABASE_POOL_MAX: '10',
    REDIS_URL: own.redisUrl,
    PUBLIC_URL: 'http://localhost:3000',
    WEB_URL: 'http://localhost:5173',
    BCRYPT_COST: '4',
    RATE_LIMIT_SCALE: '1000',
    ACCESS_TOKEN_KEYS: keyRing(1),
    REFRESH_TOKEN_KEYS: keyRing(2),
    PASSWORD_KEYS: keyRing(3),
    MAIL_CODE_KEYS: keyRing(4),
    COOKIE_KEYS: keyRing(5),
    ENCRYPTION_KEYS: keyRing(6),
    AUDIT_KEYS: keyRing(7),
    STORAGE_LOCAL_DIR: join(own.folder, 'files'),
    STAGING_DIR: join(own.folder, 'staging'),
  }
}
