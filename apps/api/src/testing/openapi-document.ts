import { systemClock } from '@muster/db'
import { createLogger } from '@muster/logger'
import fp from 'fastify-plugin'
import { buildApp } from '../app.ts'
import { readConfig } from '../config.ts'
import type { Deps } from '../deps.ts'
import { documentedRoutes, type Route } from '../http/openapi/route.ts'
import { testEnvironment } from './test-environment.ts'

/** Returns the OpenAPI document as JSON. Needs no Postgres and no Redis. */
export const readOpenApiDocument = async (): Promise<string> => (await readDocumentation()).document

/** Returns the OpenAPI document as JSON, and the routes of which it is made. */
export async function readDocumentation(): Promise<{ document: string; routes: Route[] }> {
  const nowhere = { databaseUrl: 'postgres://localhost/none', redisUrl: 'redis://localhost', folder: 'none' }
  const config = readConfig(testEnvironment(nowhere))
  // Routes are declared without the other dependencies, and only the document is requested.
  const deps = { config, clock: systemClock, log: createLogger({ name: 'api', level: 'fatal' }) } as Deps
  const routes: Route[] = []
  const collect = fp(async (app) => {
    app.addHook('onRoute', (route) => void routes.push(...documentedRoutes(route)))
  })
  const app = await buildApp(deps, collect)
  try {
    return { document: (await app.inject('/openapi.json')).body, routes }
  } finally {
    await app.close()
  }
}

if (import.meta.main) process.stdout.write(await readOpenApiDocument())
