import { resolve } from 'node:path'
import {
  flag,
  httpUrl,
  int,
  keyRing,
  oneOf,
  originUrl,
  parseEnv,
  processEnv,
  processSettings,
  serviceUrl,
} from '@muster/config'
import { emailAddress } from '@muster/identifiers'
import { passwordFaults } from '@muster/security/password-policy'
import { tracedRetention, tracedRetentionSettings } from '@muster/settings/audit-worker'
import { refuseStorage, scanEnv, scanSettings, storageEnv, storageSettings } from '@muster/storage/config'
import { z } from 'zod'
import { corsOrigins } from './http/origins.ts'
import { trustedProxies } from './http/trusted-proxies.ts'

/** Upper bound of a request's wait for Redis. Not configurable by the environment; tests choose a longer one. */
const redisPatienceMs: number = 150
/** Upper bound of an attempt's wait for the secret guard. Not configurable either. */
const guardPatienceMs: number = 3_000

const env = z.object({
  ...processEnv({ opsPort: 9100 }),
  HOST: z.string().default('127.0.0.1'),
  PORT: int({ min: 0, max: 65_535, default: 3000 }),
  /** The URL of the API for browsers; decides whether cookies are secure and which pages are foreign. */
  PUBLIC_URL: originUrl().default('http://localhost:3000'),
  /** The URL of the front end, for redirects; PUBLIC_URL when unset. */
  WEB_URL: httpUrl().optional(),
  /** The folder of the built pages; `none`, or unset, serves none. */
  WEB_ROOT: z.string().optional(),
  /** For development: the address of a Vite that serves the pages instead of a folder. */
  WEB_DEV_SERVER: httpUrl().optional(),
  CORS_ORIGINS: corsOrigins(),
  /** For development: pages of this machine are allowed with any port, and URLs in answers follow the loopback host of a request. */
  ALLOW_LOOPBACK_ORIGINS: flag(false),
  /** The data is made up: pages show a sign that says so. */
  DEMO: flag(false),
  TRUSTED_PROXIES: trustedProxies(),
  SIGNUP_MODE: oneOf(['open', 'invite']).default('open'),
  BCRYPT_COST: int({ min: 4, max: 16, default: 12 }),
  RATE_LIMIT_SCALE: z.coerce.number('is not a number above 0').positive('is not a number above 0').default(1),
  ACCESS_TOKEN_KEYS: keyRing(),
  REFRESH_TOKEN_KEYS: keyRing(),
  PASSWORD_KEYS: keyRing(),
  MAIL_CODE_KEYS: keyRing(),
  COOKIE_KEYS: keyRing(),
  ENCRYPTION_KEYS: keyRing(),
  /** The keys of the audit worker; the API only verifies with them. */
  AUDIT_KEYS: keyRing(),
  /** How long the audit worker keeps what a trace shows; the API only tells it. */
  ...tracedRetention,
  /** The issuer of "Sign in with Google": Google, or any other issuer of OpenID Connect. */
  OIDC_ISSUER: serviceUrl({ protocol: /^https?:$/, form: 'https://accounts.google.com' }).default(
    'https://accounts.google.com',
  ),
  /** Muster's client at the issuer; without it, sign-in with Google is disabled. */
  GOOGLE_CLIENT_ID: z.string().optional(),
  GOOGLE_CLIENT_SECRET: z.string().optional(),
  /** Leads to a standby of the Postgres of DATABASE_URL, for lists. DATABASE_POOLER is about it too. */
  DATABASE_REPLICA_URL: serviceUrl({
    protocol: /^postgres(ql)?:$/,
    form: 'postgres://user:password@host:5432/name',
  }).optional(),
  ...storageEnv(),
  ...scanEnv(),
  STAGING_DIR: z.string(),
  STORAGE_QUOTA_BYTES: int({ min: 0, max: Number.MAX_SAFE_INTEGER, default: 10 * 1024 ** 3 }),
  BOOTSTRAP_ADMIN_EMAIL: z
    .string()
    .refine((text) => emailAddress.safeParse(text).success, 'is not an e-mail address')
    .pipe(emailAddress)
    .optional(),
  BOOTSTRAP_ADMIN_PASSWORD: z
    .string()
    .min(8, 'is shorter than 8 characters')
    .refine((password) => !password.includes('\ufffd'), 'is not UTF-8, or has the replacement character U+FFFD')
    .optional(),
})

/** Reads the API's environment. @throws ConfigError that names every fault, also settings that are unsafe in production */
export function readConfig(source: NodeJS.ProcessEnv = process.env) {
  const read = parseEnv(env.superRefine(refuseUnsafe, { when: () => true }), source)
  const publicUrl = new URL(read.PUBLIC_URL)
  const webUrl = read.WEB_URL ?? read.PUBLIC_URL
  return Object.freeze({
    isProduction: read.NODE_ENV === 'production',
    ...processSettings(read),
    replicaUrl: read.DATABASE_REPLICA_URL,
    redisPatienceMs,
    guardPatienceMs,
    http: { host: read.HOST, port: read.PORT, trustedProxies: read.TRUSTED_PROXIES },
    publicUrl,
    /** Without a slash at the end, because paths are appended. */
    webUrl,
    pages: pagesOf(read),
    allowedOrigins: new Set([publicUrl.origin, new URL(webUrl).origin, ...read.CORS_ORIGINS]),
    allowsLoopback: read.ALLOW_LOOPBACK_ORIGINS,
    isDemo: read.DEMO,
    isSignupOpen: read.SIGNUP_MODE === 'open',
    /** `maxWaitMs` bounds the wait for a core; a request that would wait longer is answered OVERLOADED. */
    passwords: { cost: read.BCRYPT_COST, maxWaitMs: 5_000 },
    rateLimitScale: read.RATE_LIMIT_SCALE,
    cookies: { isSecure: publicUrl.protocol === 'https:' },
    keys: {
      accessToken: read.ACCESS_TOKEN_KEYS,
      refreshToken: read.REFRESH_TOKEN_KEYS,
      password: read.PASSWORD_KEYS,
      mailCode: read.MAIL_CODE_KEYS,
      /** Signs cookies, and hides addresses in the keys of counters. */
      cookie: read.COOKIE_KEYS,
      /** Encrypts secrets that must be read again, such as those of authenticator apps. */
      encryption: read.ENCRYPTION_KEYS,
      /** Verifies the chain of the audit log; the API never extends it. */
      audit: read.AUDIT_KEYS,
    },
    tracedRetention: tracedRetentionSettings(read),
    google:
      read.GOOGLE_CLIENT_ID && read.GOOGLE_CLIENT_SECRET
        ? {
            issuer: new URL(read.OIDC_ISSUER),
            clientId: read.GOOGLE_CLIENT_ID,
            clientSecret: read.GOOGLE_CLIENT_SECRET,
          }
        : undefined,
    storage: storageSettings(read),
    /** Whether the image worker scans every upload before it is ready. */
    scansFiles: scanSettings(read) !== undefined,
    /** Storage quota of an organization. */
    storageQuotaBytes: read.STORAGE_QUOTA_BYTES,
    stagingDir: read.STAGING_DIR,
    bootstrapAdmin:
      read.BOOTSTRAP_ADMIN_EMAIL && read.BOOTSTRAP_ADMIN_PASSWORD
        ? { email: read.BOOTSTRAP_ADMIN_EMAIL, password: read.BOOTSTRAP_ADMIN_PASSWORD }
        : undefined,
  })
}

/** Returns where the pages come from; undefined when the API serves none. */
function pagesOf({
  WEB_ROOT: root,
  WEB_DEV_SERVER: devServer,
}: {
  WEB_ROOT?: string | undefined
  WEB_DEV_SERVER?: string | undefined
}) {
  if (devServer) return { root: '', devServer: new URL(devServer) }
  return root && root !== 'none' ? { root: resolve(root) } : undefined
}

export type Config = ReturnType<typeof readConfig>

/** Returns the key rings by the names of their variables. */
export const ringsOf = ({ keys }: Pick<Config, 'keys'>) => ({
  ACCESS_TOKEN_KEYS: keys.accessToken,
  REFRESH_TOKEN_KEYS: keys.refreshToken,
  PASSWORD_KEYS: keys.password,
  MAIL_CODE_KEYS: keys.mailCode,
  COOKIE_KEYS: keys.cookie,
  ENCRYPTION_KEYS: keys.encryption,
  AUDIT_KEYS: keys.audit,
})

/** Adds the faults that concern several fields. Runs also when a field is invalid, so that all faults are reported at once: fields may be missing. */
function refuseUnsafe(read: Partial<z.output<typeof env>>, ctx: z.RefinementCtx) {
  const refuse = (name: string, message: string) => ctx.addIssue({ code: 'custom', path: [name], message })
  if (Boolean(read.BOOTSTRAP_ADMIN_EMAIL) !== Boolean(read.BOOTSTRAP_ADMIN_PASSWORD)) {
    refuse('BOOTSTRAP_ADMIN_EMAIL', 'set it together with BOOTSTRAP_ADMIN_PASSWORD, or neither')
  }
  if (Boolean(read.GOOGLE_CLIENT_ID) !== Boolean(read.GOOGLE_CLIENT_SECRET)) {
    refuse('GOOGLE_CLIENT_ID', 'set it together with GOOGLE_CLIENT_SECRET, or neither')
  }
  refuseStorage(read, refuse)
  if (read.NODE_ENV !== 'production') return
  const { BOOTSTRAP_ADMIN_EMAIL: email, BOOTSTRAP_ADMIN_PASSWORD: password } = read
  for (const fault of email && password ? passwordFaults(password, { email }) : [])
    refuse('BOOTSTRAP_ADMIN_PASSWORD', fault.message)
  if (!read.PUBLIC_URL?.startsWith('https:')) refuse('PUBLIC_URL', 'production needs https')
  if (read.OIDC_ISSUER?.startsWith('http:')) refuse('OIDC_ISSUER', 'production needs https')
  if (read.ALLOW_LOOPBACK_ORIGINS) refuse('ALLOW_LOOPBACK_ORIGINS', 'is for development; production needs false')
  if (read.DEMO) refuse('DEMO', 'is for made-up data; production needs false')
  if (read.WEB_DEV_SERVER) refuse('WEB_DEV_SERVER', 'is for development; production needs WEB_ROOT')
  if (read.RATE_LIMIT_SCALE !== 1) refuse('RATE_LIMIT_SCALE', 'production needs 1')
  if ((read.BCRYPT_COST ?? 0) < 10) refuse('BCRYPT_COST', 'production needs at least 10')
}
