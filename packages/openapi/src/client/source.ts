import openapiTS, { astToString, type OpenAPI3 } from 'openapi-typescript'
import ts from 'typescript'
import { type Document, operationsOf } from './document.ts'
import { endpointOf } from './endpoint.ts'
import { header, printEndpoints, printMethods, printSchemas } from './methods.ts'
import { slimDocument } from './slim-document.ts'

/**
 * Generates the sources of the client package from the OpenAPI document: its types and its methods.
 * @returns the content of each file of `packages/client/src/generated`
 */
export async function clientSourceOf(json: string): Promise<Record<string, string>> {
  const document = slimDocument(JSON.parse(json) as Document)
  const components = Object.keys(document.components.schemas)
  const endpoints = operationsOf(document).map(({ path, method, operation }) =>
    endpointOf(document, path, method, operation),
  )
  return {
    'api.gen.ts': `${header}${await printTypes(document)}`,
    'schemas.gen.ts': printSchemas(components),
    'methods.gen.ts': printMethods(endpoints, new Set(components)),
    'endpoints.gen.ts': printEndpoints(endpoints),
  }
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
