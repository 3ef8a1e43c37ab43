import { createLogger } from '@stoplight/prism-core'
import { getHttpOperationsFromSpec } from '@stoplight/prism-http'
import { createServer } from '@stoplight/prism-http-server'

/** The header in which Prism lists what a request or its response has against the document. */
export const violationsHeader = 'sl-violations'

/**
 * Starts Prism as a proxy in front of an API, on a free port. It refuses a request that the document does not allow with 401, 404, 405
 * or 422, and replaces a response that the document does not describe with 500.
 */
export async function startValidatingProxy({ document, upstream }: { document: string; upstream: string }) {
  const operations = await getHttpOperationsFromSpec(withReadableUploads(JSON.parse(document)))
  const server = createServer(operations, {
    cors: false,
    components: { logger: createLogger('proxy', { enabled: false }) },
    config: {
      isProxy: true,
      upstream: new URL(upstream),
      upstreamProxy: undefined,
      checkSecurity: true,
      validateRequest: true,
      validateResponse: true,
      errors: true,
      mock: { dynamic: false },
    },
  })
  const url = await server.listen(0, '127.0.0.1')
  return { url, close: () => server.close() }
}

type Document = {
  paths: Record<string, Record<string, { requestBody?: { content: Record<string, { schema?: object }> } }>>
}

/**
 * Leaves out the schema of multipart bodies. Prism reads each part as text and keeps one part of a name, so that a list of files never
 * is the array that OpenAPI makes of it.
 */
function withReadableUploads(document: Document): Document {
  for (const operation of Object.values(document.paths).flatMap((methods) => Object.values(methods))) {
    const form = operation.requestBody?.content['multipart/form-data']
    if (form) form.schema = { type: 'object' }
  }
  return document
}
