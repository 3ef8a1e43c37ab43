export type Schema = {
  $ref?: string
  type?: string | string[]
  format?: string
  properties?: Record<string, Schema>
  items?: Schema
  anyOf?: Schema[]
  oneOf?: Schema[]
  allOf?: Schema[]
}
export type Content = Record<string, { schema: Schema }>
export type Response = { description: string; headers?: object; content?: Content }
export type Parameter = { name: string; in: 'path' | 'query' | 'header' | 'cookie'; required?: boolean; schema: Schema }

export type Operation = {
  operationId: string
  tags: string[]
  summary: string
  description?: string
  parameters?: Parameter[]
  requestBody?: { required?: boolean; content: Content }
  responses: Record<string, Response>
}

/** The part of the OpenAPI document that the generators read. */
export type Document = {
  paths: Record<string, Record<string, Operation>>
  components: { schemas: Record<string, Schema> }
}

/** Lists the operations of a document in its order. */
export const operationsOf = ({ paths }: Document) =>
  Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
  )

/** Returns the name of the component to which a schema refers. */
export const componentOf = ({ $ref }: Schema): string | undefined => $ref?.replace('#/components/schemas/', '')

/** Follows the reference of a schema. */
export function resolve(document: Document, schema: Schema): Schema {
  const name = componentOf(schema)
  if (name === undefined) return schema
  const found = document.components.schemas[name]
  if (!found) throw new Error(`The document has no component ${name}.`)
  return resolve(document, found)
}
