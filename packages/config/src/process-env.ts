import { z } from 'zod'
import { databaseEnv, databaseSettings } from './database-env.ts'
import { errorReportsEnv, errorReportsSettings } from './error-reports-env.ts'
import { int, oneOf } from './fields.ts'
import { redisEnv, redisSettings } from './redis-env.ts'
import { type ServiceUrlName, services } from './service-parts.ts'
import { serviceUrl } from './service-url.ts'
import { tracingEnv, tracingSettings } from './tracing-env.ts'

/** Parses the URL of a service, which may also be set as its parts. */
export const urlOfService = (name: ServiceUrlName) => serviceUrl(services[name])

/** The variables that every process reads. */
export const processEnv = (defaults: { opsPort: number }) => ({
  NODE_ENV: oneOf(['development', 'test', 'production']).default('development'),
  LOG_LEVEL: oneOf(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']).default('info'),
  ...databaseEnv(),
  ...redisEnv(),
  ...tracingEnv(),
  ...errorReportsEnv(),
  OPS_HOST: z.string().default('127.0.0.1'),
  OPS_PORT: int({ min: 0, max: 65_535, default: defaults.opsPort }),
  /** How long a process goes on after SIGTERM while `/readyz` already answers 503. The rest of 25 s is for the drain. */
  SHUTDOWN_DELAY_MS: int({ min: 0, max: 15_000 }).optional(),
})

type ProcessEnv = z.output<z.ZodObject<ReturnType<typeof processEnv>>>

/** Load balancers and Kubernetes check readiness every few seconds. */
const productionDelayMs = 5_000

/** Converts the variables of {@link processEnv} to settings. */
export const processSettings = (read: ProcessEnv) => ({
  logLevel: read.LOG_LEVEL,
  ops: { host: read.OPS_HOST, port: read.OPS_PORT },
  database: databaseSettings(read),
  redis: redisSettings(read),
  tracing: tracingSettings(read),
  errorReports: errorReportsSettings(read),
  shutdownDelayMs: read.SHUTDOWN_DELAY_MS ?? (read.NODE_ENV === 'production' ? productionDelayMs : 0),
})

/** Parses how many jobs a worker process runs in parallel. */
export const workerConcurrency = (fallback: number) => int({ min: 1, max: 500, default: fallback })
