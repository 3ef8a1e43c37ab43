import { join } from 'node:path'
import { commandEnv, parseEnv, urlOfService } from '@muster/config'
import { z } from 'zod'

const root = join(import.meta.dirname, '../../..')

/** The environment of a command: this process's, completed by the copy that `npm start` runs in this folder. */
export const env = commandEnv(root)

/** Reads where the database is. @throws ConfigError when neither the environment nor a running copy names one */
export function databaseUrl(): string {
  return parseEnv(z.object({ DATABASE_URL: urlOfService('DATABASE_URL') }), env).DATABASE_URL
}
