import { parseRedisUrl, type RedisSettings } from '@muster/redis/settings'
import { certificates } from './certificates.ts'
import { ConfigError } from './parse-env.ts'
import { services } from './service-parts.ts'
import { serviceUrl } from './service-url.ts'

/** The variables that tell where Redis is. */
export const redisEnv = () => ({
  REDIS_URL: serviceUrl(services.REDIS_URL),
  /** The path of the certificates that TLS connections to Redis trust, in place of the system's. */
  REDIS_CA_FILE: certificates().optional(),
})

/** Converts the variables of {@link redisEnv} to settings. @throws ConfigError for certificates without TLS */
export function redisSettings(read: { REDIS_URL: string; REDIS_CA_FILE?: string | undefined }): RedisSettings {
  const settings = parseRedisUrl(read.REDIS_URL)
  if (read.REDIS_CA_FILE === undefined) return settings
  if (!settings.tls)
    throw new ConfigError([
      'REDIS_CA_FILE is set, but REDIS_URL uses no TLS; write it with rediss:// (or set REDIS_TLS=true), or remove REDIS_CA_FILE',
    ])
  return { ...settings, tls: { ca: read.REDIS_CA_FILE } }
}
