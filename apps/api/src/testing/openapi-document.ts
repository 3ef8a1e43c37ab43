import { systemClock } from '@muster/db'
import { createLogger } from '@muster/logger'
import { buildApp } from '../app.ts'
import { readConfig } from '../config.ts'
import type { Deps } from '../deps.ts'
import { testEnvironment } from './test-environment.ts'

/** Returns the OpenAPI document as JSON. Needs no Postgres and no Redis. */
export async function readOpenApiDocument(): Promise<string> {
  const nowhere = { databaseUrl: 'postgres://localhost/none', redisUrl: 'redis://localhost', folder: 'none' }
  const config = readConfig(testEnvironment(nowhere))
  // Routes are declared without the other dependencies, and only the document is requested.
  const deps = { config, clock: systemClock, log: createLogger({ name: 'api', level: 'fatal' }) } as Deps
  const app = await buildApp(deps)
  try {
    return (await app.inject('/openapi.json')).body
  } finally {
    await app.close()
  }
}

if (import.meta.main) process.stdout.write(await readOpenApiDocument())
