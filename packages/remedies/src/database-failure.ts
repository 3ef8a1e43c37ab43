import { isSet } from '@muster/config'
import { type DatabaseSettings, isDatabaseUnavailable } from '@muster/db'
import { explainFailure, ServiceFailure } from './explain-failure.ts'
import { servicesOf } from './service-places.ts'

/** SQLSTATE of a table or column that the schema lacks. */
const missingInSchema = new Set(['42P01', '42703'])

/**
 * Explains the error of a command on Postgres, with the variable that names the database and the remedy.
 * @param env the environment of the command, without what a running copy adds
 * @returns the same error when it does not mean that Postgres is unavailable or not migrated
 */
export function explainDatabaseError(error: unknown, database: DatabaseSettings, env: NodeJS.ProcessEnv): unknown {
  const { code } = Object(error) as { code?: unknown }
  if (!isDatabaseUnavailable(error) && !missingInSchema.has(String(code))) return error
  const places = servicesOf(env)
  const place =
    database.url === database.directUrl ? places.directPostgres(database.url) : places.postgres(database.url)
  const explained = explainFailure(place, error)
  const isCopy = !isSet('DATABASE_URL', env)
  const remedy =
    isCopy && explained.kind === 'unreachable'
      ? 'No DATABASE_URL is set, so this is the copy of `npm start`: start it, or set DATABASE_URL.'
      : explained.remedy
  return new ServiceFailure({ ...explained, remedy }, { cause: error })
}
