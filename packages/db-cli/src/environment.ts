import { join } from 'node:path'
import { commandEnv, databaseEnv, databaseSettings, parseEnv } from '@muster/config'
import { type DatabaseSettings, directly } from '@muster/db'
import { z } from 'zod'

const root = join(import.meta.dirname, '../../..')

/** The environment of a command: this process's, completed by the copy that `npm start` runs in this folder. */
export const env = commandEnv(root)

/** Reads how processes connect to Postgres. @throws ConfigError when neither the environment nor a running copy names a database */
export const readPooled = (): DatabaseSettings => databaseSettings(parseEnv(z.object(databaseEnv()), env))

/**
 * Reads how to connect to Postgres past a pooler: the migrator and its locks need a session.
 * @throws ConfigError as {@link readPooled}, Error when there is only a pooler in transaction mode
 */
export const readDatabase = (): DatabaseSettings => directly(readPooled())
