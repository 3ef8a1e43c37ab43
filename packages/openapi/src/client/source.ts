import openapiTS, { astToString, type OpenAPI3 } from 'openapi-typescript'
import ts from 'typescript'
import { type Document, operationsOf } from './document.ts'
import { endpointOf } from './endpoint.ts'
import { header, printEndpoints, printMethods, printSchemas } from './methods.ts'
import { slimDocument } from './slim-document.ts'

/** A JSON Schema of an object whose properties become components beside its definitions. */
export type EventSchemas = { properties?: object; $defs?: object }

/** The group of the operators' calls. Their table is a file of its own, so that the pages of everybody else need not load it. */
const operators = 'admin'

/**
 * Generates the sources of the client package: its types and its methods.
 * @param json the OpenAPI document
 * @param events the schemas of the socket's events
 * @returns the content of each file of `packages/client/src/generated`
 */
export async function clientSourceOf(json: string, events: EventSchemas): Promise<Record<string, string>> {
  const document = slimDocument(withEvents(JSON.parse(json) as Document, events))
  const components = Object.keys(document.components.schemas)
  const endpoints = operationsOf(document).map(({ path, method, operation }) =>
    endpointOf(document, path, method, operation),
  )
  return {
    'api.gen.ts': `${header}${await printTypes(document)}`,
    'schemas.gen.ts': printSchemas(components),
    'methods.gen.ts': printMethods(endpoints, new Set(components)),
    'endpoints.gen.ts': printEndpoints(endpoints.filter(({ group }) => group !== operators)),
    'operator-endpoints.gen.ts': printEndpoints(endpoints.filter(({ group }) => group === operators)),
  }
}

/** Adds the events to the components. Shapes that routes have too are the same there. */
function withEvents(document: Document, { properties, $defs }: EventSchemas): Document {
  const added = JSON.stringify({ ...$defs, ...properties }).replaceAll('#/$defs/', '#/components/schemas/')
  return { ...document, components: { schemas: { ...JSON.parse(added), ...document.components.schemas } } }
}

const blob = ts.factory.createTypeReferenceNode('Blob')

/** Prints the types without those that are empty in this document. */
async function printTypes(document: Document): Promise<string> {
  const nodes = await openapiTS(document as unknown as OpenAPI3, {
    defaultNonNullable: false,
    transform: ({ format }) => (format === 'binary' ? blob : undefined),
  })
  return astToString(nodes).replaceAll(/^export type (?:webhooks|\$defs) = Record<string, never>;\n/gm, '')
}
