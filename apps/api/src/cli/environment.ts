import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import {
  ConfigError,
  commandEnv,
  databaseEnv,
  databaseSettings,
  explainIgnoredCopy,
  int,
  isSet,
  type KeyRingName,
  keyRing,
  keyRingNames,
  parseEnv,
  readVariables,
  redisEnv,
  redisSettings,
} from '@muster/config'
import { createDb, type DatabaseSettings, type Db } from '@muster/db'
import { DomainError } from '@muster/errors'
import { explainDatabaseError } from '@muster/remedies'
import type { KeyRing } from '@muster/security/key-ring'
import {
  driverSettings,
  refuseDriver,
  refuseStorage,
  type StorageDriverName,
  storageEnv,
  storageSettings,
} from '@muster/storage/config'
import { z } from 'zod'
import { findHome, isCheckout, type StoppedCopy, withStoppedCopy } from './stopped-copy.ts'
import { surroundings } from './surroundings.ts'

/** Upper bound for closing the connections to Postgres. */
const closeMs = 1_000
/** Time limit for commands to Redis. */
export const redisPatienceMs = 3_000
const root = join(dirname(fileURLToPath(import.meta.url)), '../../../..')

const anyRings = z.object(
  Object.fromEntries(keyRingNames.map((name) => [name, keyRing().optional()])) as Record<
    KeyRingName,
    z.ZodOptional<ReturnType<typeof keyRing>>
  >,
)

/** Returns the variables that a command runs with: those of its environment, or of the copy that `npm start` runs here. */
export const environment = (): NodeJS.ProcessEnv => commandEnv(root, surroundings().env)

/** Reads variables of the environment. @throws ConfigError; Error that tells how to start a copy where none runs and no database is set */
export function readSettings<S extends z.ZodObject>(schema: S): Readonly<z.output<S>> {
  if ('DATABASE_URL' in schema.shape) assertCopyRuns()
  try {
    return parseEnv(schema, environment())
  } catch (error) {
    throw error instanceof ConfigError ? new ConfigError(error.faults, ignoredCopy()) : error
  }
}

/** As {@link explainIgnoredCopy}, of this checkout; a bundle has no copies. */
export const ignoredCopy = (): string | undefined =>
  isCheckout(root) ? explainIgnoredCopy(root, surroundings().env) : undefined

/** @throws Error in a checkout where no copy runs and no variable names a database */
export function assertCopyRuns(): void {
  if (isSet('DATABASE_URL', environment()) || !findOwnHome()) return
  throw new Error(
    'No copy of `npm start` runs here, and DATABASE_URL is not set. Start one with `npm start`, or set the variables of another installation (--env-file <path>).',
  )
}

/** Reads the key rings of the environment. @throws ConfigError for a malformed ring */
export function readRings(): Partial<Record<KeyRingName, KeyRing>> {
  const rings = readSettings(anyRings)
  return Object.fromEntries(keyRingNames.flatMap((name) => (rings[name] ? [[name, rings[name]]] : [])))
}

/** Reads the key ids of the environment, also of malformed rings, since a new key may be meant to repair one. */
export const readKeyIds = (): string[] => {
  const { given } = readVariables(keyRingNames, environment())
  return keyRingNames.flatMap((name) => (given[name] ?? '').split(',').map((entry) => entry.trim().split(':')[0] ?? ''))
}

/** Reads how to connect to Postgres; undefined when no URL is set and no copy runs here. */
export const findDatabase = (): DatabaseSettings | undefined =>
  isSet('DATABASE_URL', environment()) ? readDatabase() : undefined

/** Reads what decides how many connections a process opens, also where no database is set. @throws ConfigError */
export function readPoolSizes(): Pick<DatabaseSettings, 'poolMax' | 'pooler'> {
  const { DATABASE_POOL_MAX, DATABASE_POOLER } = databaseEnv()
  const sizes = readSettings(z.object({ DATABASE_POOL_MAX, DATABASE_POOLER }))
  return { poolMax: sizes.DATABASE_POOL_MAX, pooler: sizes.DATABASE_POOLER }
}

/** Reads how to connect to Postgres. @throws ConfigError when no URL is set and no copy runs here */
export const readDatabase = (): DatabaseSettings => databaseSettings(readSettings(z.object(databaseEnv())))

const withDatabase = <R extends Parameters<typeof databaseSettings>[0]>(values: R) => ({
  ...values,
  database: databaseSettings(values),
})

/** Reads the settings of `keys re-encrypt`. @throws ConfigError */
export const readEncryption = () =>
  withDatabase(readSettings(z.object({ ...databaseEnv(), ENCRYPTION_KEYS: keyRing() })))

/** Reads the settings of `admin create`. @throws ConfigError */
export const readPasswords = () =>
  withDatabase(
    readSettings(
      z.object({
        ...databaseEnv(),
        PASSWORD_KEYS: keyRing(),
        BCRYPT_COST: int({ min: 4, max: 16, default: 12 }),
      }),
    ),
  )

/** Reads the settings of `audit verify`. Without Redis the chain is not compared with heads from there. @throws ConfigError */
export const readAuditing = () => {
  const { REDIS_URL, REDIS_CA_FILE } = redisEnv()
  const given = readSettings(
    z.object({ ...databaseEnv(), REDIS_URL: REDIS_URL.optional(), REDIS_CA_FILE, AUDIT_KEYS: keyRing() }),
  )
  const redis = given.REDIS_URL ? redisSettings({ ...given, REDIS_URL: given.REDIS_URL }) : undefined
  return { ...withDatabase(given), redis }
}

/** Reads how to connect to Postgres and Redis. @throws ConfigError */
export const readServices = () => {
  const given = readSettings(z.object({ ...databaseEnv(), ...redisEnv() }))
  return { ...withDatabase(given), redis: redisSettings(given) }
}

/**
 * Reads the settings of stores, and how to connect to Postgres.
 * @param chosen the drivers, or a function of the configured one
 * @throws ConfigError also for missing variables of these drivers
 */
export function readStores(chosen: (configured: StorageDriverName) => readonly StorageDriverName[]) {
  const schema = z.object({ ...databaseEnv(), ...storageEnv() }).superRefine(
    (given, ctx) => {
      const refuse = (name: string, message: string) => ctx.addIssue({ code: 'custom', path: [name], message })
      for (const driver of chosen(given.STORAGE_DRIVER)) refuseDriver(driver, given, refuse)
    },
    { when: () => true },
  )
  const values = withDatabase(readSettings(schema))
  const stores = chosen(values.STORAGE_DRIVER).map((driver) => driverSettings(driver, values))
  return { database: values.database, stores, driver: values.STORAGE_DRIVER, fallback: values.STORAGE_FALLBACK_DRIVER }
}

const withAuditRing = { ...anyRings.shape, AUDIT_KEYS: keyRing() }

const ringsIn = (given: z.output<z.ZodObject<typeof withAuditRing>>) => ({
  ...Object.fromEntries(keyRingNames.flatMap((name) => (given[name] ? [[name, given[name]]] : []))),
  AUDIT_KEYS: given.AUDIT_KEYS,
})

/** Reads the key rings, of which AUDIT_KEYS must be there. @throws ConfigError */
export const readAuditRings = () => ringsIn(readSettings(z.object(withAuditRing)))

/** Reads what a backup and a restore need: database, store of files and key rings, and Redis where it is set. @throws ConfigError */
export function readKeeping() {
  const { REDIS_URL, REDIS_CA_FILE } = redisEnv()
  const schema = z
    .object({ ...databaseEnv(), ...storageEnv(), ...withAuditRing, REDIS_URL: REDIS_URL.optional(), REDIS_CA_FILE })
    .superRefine(
      (given, ctx) => refuseStorage(given, (name, message) => ctx.addIssue({ code: 'custom', path: [name], message })),
      { when: () => true },
    )
  const values = withDatabase(readSettings(schema))
  return {
    database: values.database,
    storage: storageSettings(values),
    rings: ringsIn(values),
    redis: values.REDIS_URL ? redisSettings({ ...values, REDIS_URL: values.REDIS_URL }) : undefined,
  }
}

/** Reads what the backup and the restore of a stopped copy need: its key rings, and the store of its home. @throws ConfigError */
export function readStoppedKeeping(home: string) {
  const env = { ...environment(), STORAGE_LOCAL_DIR: surroundings().env.STORAGE_LOCAL_DIR || join(home, 'files') }
  const values = parseEnv(z.object({ ...storageEnv(), ...withAuditRing }), env)
  return { storage: storageSettings(values), rings: ringsIn(values) }
}

/** The home of `npm start` in this checkout, when no variable names a database; see {@link withStoppedCopy}. */
export const findOwnHome = () => findHome(root)

/** As {@link withStoppedCopy}, of this checkout. */
export const withOwnStoppedCopy = <T>(home: string, use: (copy: StoppedCopy) => Promise<T>) =>
  withStoppedCopy(root, home, use)

/** Opens a database for one command, and closes it. @throws ServiceFailure with variable and remedy while Postgres is unavailable */
export async function withDb<T>(database: DatabaseSettings, use: (db: Db) => Promise<T>): Promise<T> {
  const db = createDb({ ...database, poolMax: 2, applicationName: 'muster-cli', statementTimeoutMs: 30_000 })
  try {
    return await use(db)
  } catch (error) {
    throw explainDatabaseError(error, database, surroundings().env)
  } finally {
    // The connection to a server that is frozen never ends by itself.
    await Promise.race([db.destroy(), sleep(closeMs, undefined, { ref: false })])
  }
}

/** Parses arguments by a schema. @throws DomainError VALIDATION_FAILED naming each fault */
export function checked<S extends z.ZodType>(schema: S, given: unknown): z.output<S> {
  const parsed = schema.safeParse(given)
  if (parsed.success) return parsed.data
  const faults = parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`)
  throw new DomainError('VALIDATION_FAILED', { message: faults.join('\n') })
}
