import { setVariables } from '@muster/config'
import { describeRedis, type RedisSettings } from '@muster/redis/settings'
import { placeOfPostgres, placeOfSmtp } from './places.ts'

/** A service as messages name it. */
export type ServicePlace = {
  /** E.g. `Postgres`. */
  name: string
  /** The program behind it, which decides on the remedies. */
  kind: 'postgres' | 'redis' | 'smtp' | 'http'
  /** Host and port, without credentials. */
  place: string
  /** The variables of this environment that name it, e.g. `DATABASE_HOST, DATABASE_PASSWORD_FILE`. */
  variables: string
}

/** Creates the places of the services of an environment. */
export const servicesOf = (env: NodeJS.ProcessEnv) => ({
  postgres: (url: string): ServicePlace => ({
    name: 'Postgres',
    kind: 'postgres',
    place: placeOfPostgres(url),
    variables: setVariables('DATABASE_URL', env),
  }),
  directPostgres: (url: string): ServicePlace => ({
    name: 'Postgres',
    kind: 'postgres',
    place: placeOfPostgres(url),
    variables: setVariables('DATABASE_DIRECT_URL', env),
  }),
  replica: (url: string): ServicePlace => ({
    name: 'The read replica',
    kind: 'postgres',
    place: placeOfPostgres(url),
    variables: setVariables('DATABASE_REPLICA_URL', env),
  }),
  redis: (settings: RedisSettings): ServicePlace => ({
    name: 'Redis',
    kind: 'redis',
    place: describeRedis(settings).replace(/^Redis /, ''),
    variables: setVariables('REDIS_URL', env),
  }),
  smtp: (url: string): ServicePlace => ({
    name: 'The mail server',
    kind: 'smtp',
    place: placeOfSmtp(url),
    variables: setVariables('SMTP_URL', env),
  }),
})
