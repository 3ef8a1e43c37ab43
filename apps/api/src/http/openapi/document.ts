import { isLoopback } from '../origins.ts'
import { headers } from './headers.ts'
import { introduction } from './introduction.ts'
import { operationOf, pathOf } from './operation.ts'
import type { Route } from './route.ts'
import { createSchemas } from './schemas.ts'
import { securitySchemes } from './security.ts'
import { tags } from './tags.ts'

/** Builds the OpenAPI 3.1 document of the routes, in the order of their tags. */
export function documentOf(routes: readonly Route[], { publicUrl, version }: { publicUrl: URL; version: string }) {
  const schemas = createSchemas()
  const paths: Record<string, Record<string, ReturnType<typeof operationOf>>> = {}
  // Examples of the first routes may need components that the later ones define.
  for (const route of routes) operationOf(route, schemas)
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
      contact: { name: 'The guide for front ends', url: new URL('/docs/guides/use', publicUrl).href },
    },
    servers: [{ url: serverOf(publicUrl), description: 'This installation.' }],
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

/**
 * Returns the address of the API. In development it is relative: whichever loopback name opens the reference page, its requests go to
 * the same origin.
 */
const serverOf = (publicUrl: URL) => (isLoopback(publicUrl) ? '/' : publicUrl.origin)

function byTag(routes: readonly Route[]): Route[] {
  const order = Object.keys(tags)
  const rank = ({ schema }: Route) => order.indexOf(schema.tags?.[0] ?? '')
  return routes.toSorted((one, other) => rank(one) - rank(other))
}
