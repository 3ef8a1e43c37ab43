import { headers } from './headers.ts'
import { introduction } from './introduction.ts'
import { operationOf, pathOf } from './operation.ts'
import type { Route } from './route.ts'
import { createSchemas } from './schemas.ts'
import { securitySchemes } from './security.ts'
import { tags } from './tags.ts'

/** Builds the OpenAPI 3.1 document of the routes, in the order of their tags. */
export function documentOf(routes: readonly Route[], { server, version }: { server: string; version: string }) {
  const schemas = createSchemas()
  const paths: Record<string, Record<string, ReturnType<typeof operationOf>>> = {}
  for (const route of byTag(routes)) {
    paths[pathOf(route)] = { ...paths[pathOf(route)], [route.method.toLowerCase()]: operationOf(route, schemas) }
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Muster',
      version,
      description: introduction,
      license: { name: 'No public license', identifier: 'LicenseRef-Muster' },
      contact: { name: 'The guide for front ends', url: `${server}/docs/guides/use` },
    },
    servers: [{ url: server, description: 'This installation.' }],
    tags: Object.entries(tags).map(([name, description]) => ({ name, description })),
    paths,
    components: {
      securitySchemes,
      headers,
      schemas: Object.fromEntries(
        Object.entries(schemas.components).toSorted(([one], [other]) => (one < other ? -1 : 1)),
      ),
    },
  }
}

function byTag(routes: readonly Route[]): Route[] {
  const order = Object.keys(tags)
  const rank = ({ schema }: Route) => order.indexOf(schema.tags?.[0] ?? '')
  return routes.toSorted((one, other) => rank(one) - rank(other))
}
