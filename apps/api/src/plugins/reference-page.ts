import fastify, { type FastifyInstance } from 'fastify'

/** Options that keep the page from calling any other server. */
const quietPage = {
  withDefaultFonts: false,
  telemetry: false,
  agent: { disabled: true },
  mcp: { disabled: true },
  showDeveloperTools: 'never',
  hideClientButton: true,
} as const

/** Where the page and its script are, as in Scalar's plugin; the API takes `/docs/` for `/docs`, and the plugin leads from one to the other. */
const referencePaths = ['/docs', '/docs/js/scalar.js']

/**
 * Serves Scalar's page of the OpenAPI document. Its script has more than 4 MB, half of all code of the API, so
 * it is loaded when the first reader comes, and not whenever the API starts.
 * @param nonce stands in the page wherever the nonce of a response must
 */
export async function serveReferencePage(app: FastifyInstance, { nonce }: { nonce: string }): Promise<void> {
  let pages: Promise<FastifyInstance> | undefined
  for (const path of referencePaths)
    app.get(path, async ({ url }, reply) => {
      pages ??= loadPages(nonce)
      const { statusCode, headers, body } = await (await pages).inject(url)
      const { 'content-type': type, location } = headers
      if (location) return reply.redirect(location, statusCode)
      return reply.code(statusCode).type(String(type)).send(body)
    })
}

async function loadPages(nonce: string): Promise<FastifyInstance> {
  const { default: scalar } = await import('@scalar/fastify-api-reference')
  const pages = fastify()
  await pages.register(scalar, {
    routePrefix: '/docs',
    configuration: { url: '/openapi.json', nonce, ...quietPage },
  })
  return pages
}
