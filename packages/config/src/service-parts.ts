import { z } from 'zod'
import { int, oneOf } from './fields.ts'
import { composeRedisUrl, redisParts, redisUrlForm } from './redis-parts.ts'
import type { UrlForm } from './service-url.ts'
import { host, port, queryOf, urlOf } from './url-parts.ts'

const socket = z.string().regex(/^\/[\w./-]+$/)
/** A path component that the drivers decode without reserved characters. */
const name = z.string().regex(/^[^/?#%]+$/, 'cannot contain / ? # or %')

const database = z.object({
  DATABASE_HOST: z.union([host, socket], 'write a host name, an address, or the folder of a socket'),
  DATABASE_PORT: port(5432),
  DATABASE_NAME: name,
  DATABASE_USER: z.string(),
  DATABASE_PASSWORD: z.string().optional(),
  DATABASE_SSLMODE: oneOf(['disable', 'no-verify', 'require', 'verify-ca', 'verify-full']).optional(),
  DATABASE_SSLROOTCERT: z.string().optional(),
  DATABASE_SSLCERT: z.string().optional(),
  DATABASE_SSLKEY: z.string().optional(),
})

const smtp = z.object({
  SMTP_HOST: host,
  SMTP_PORT: int({ min: 1, max: 65_535 }).optional(),
  SMTP_USER: z
    .string()
    .regex(/^[^:]+$/, 'cannot contain a colon')
    .optional(),
  SMTP_PASSWORD: z.string().optional(),
  /** `implicit` from the first byte, as on port 465; `starttls` refuses a server without it; `opportunistic` uses it where offered. */
  SMTP_TLS: oneOf(['implicit', 'starttls', 'opportunistic']).optional(),
})

/** How the URL of a service is written, and how it is made from variables of its parts. */
type Service = UrlForm & { schema: z.ZodObject; parts: readonly string[]; compose(parts: never): string }

const service = <S extends z.ZodObject>(
  schema: S,
  about: Omit<UrlForm, 'parts'>,
  compose: (parts: z.output<S>) => string,
): Service => ({ ...about, schema, parts: Object.keys(schema.shape), compose })

/** The services whose URL may hold a password, by the variable of the URL. */
export const services = {
  DATABASE_URL: service(
    database,
    { protocol: /^postgres(ql)?:$/, form: 'postgres://user:password@host:5432/name' },
    (read) =>
      urlOf('postgres', read.DATABASE_USER, read.DATABASE_PASSWORD, read.DATABASE_HOST, read.DATABASE_PORT) +
      `/${encodeURI(read.DATABASE_NAME)}${queryOf({ sslmode: read.DATABASE_SSLMODE, sslrootcert: read.DATABASE_SSLROOTCERT, sslcert: read.DATABASE_SSLCERT, sslkey: read.DATABASE_SSLKEY })}`,
  ),
  REDIS_URL: service(redisParts, redisUrlForm, composeRedisUrl),
  SMTP_URL: service(
    smtp,
    { protocol: /^smtps?:$/, form: 'smtp://user:password@host:587, or smtps:// for TLS from the first byte' },
    (read) => {
      const isImplicit = read.SMTP_TLS ? read.SMTP_TLS === 'implicit' : read.SMTP_PORT === 465
      const atPort = read.SMTP_PORT ?? (isImplicit ? 465 : 587)
      const requireTLS = read.SMTP_TLS === 'starttls' ? 'true' : undefined
      return `${urlOf(isImplicit ? 'smtps' : 'smtp', read.SMTP_USER, read.SMTP_PASSWORD, read.SMTP_HOST, atPort)}/${queryOf({ requireTLS })}`
    },
  ),
} as const satisfies Record<string, Service>

export type ServiceUrlName = keyof typeof services
