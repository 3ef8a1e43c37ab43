import { stat } from 'node:fs/promises'
import { join, sep } from 'node:path'
import { Readable } from 'node:stream'
import fastifyStatic from '@fastify/static'
import { version } from '@muster/telemetry/version'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import type { Config } from '../config.ts'
import { createFirstLoads, type Viewer } from '../http/first-loads.ts'
import { hashedFolder, isFile, isHashed, isNavigation, isOfApi, pageHeaders } from '../http/pages.ts'

type Options = {
  config: Pick<Config, 'pages' | 'publicUrl' | 'webUrl'>
  /** Tells who opens a page; undefined for a visitor. */
  viewerOf: (request: FastifyRequest) => Viewer | undefined
}

/**
 * Serves the built pages for people from the folder that WEB_ROOT names, and, to clients that ask for JSON, the addresses of everything
 * at `/`. Files and pages have no routes of their own: what would else be answered 404 is looked up in the folder, before it counts in a
 * rate limit, so that neither the OpenAPI document nor the methods that a 405 allows know about them.
 */
export const pagesPlugin = fp(async (app: FastifyInstance, { config, viewerOf }: Options) => {
  const { pages, publicUrl, webUrl } = config
  const serve =
    pages && (pages.devServer ? proxyTo(pages.devServer) : await serverOf(app, pages.root, publicUrl, viewerOf))
  if (serve) {
    app.addHook('onRequest', (request, reply, done) => {
      const { is404, method, routeOptions } = request
      if (!(is404 || routeOptions.url === '/') || (method !== 'GET' && method !== 'HEAD')) return done()
      const path = pathOf(request)
      if (path === undefined || isOfApi(path)) return done()
      serve(path, request, reply).then((isAnswered) => isAnswered || done(), done)
    })
  }

  const { origin } = publicUrl
  const addresses = {
    name: 'Muster',
    version,
    api: `${origin}/api/v1`,
    reference: `${origin}/docs`,
    openapi: `${origin}/openapi.json`,
    health: `${origin}/health`,
    ...((pages || webUrl !== origin) && { console: webUrl }),
  }
  app.get('/', { config: { access: 'public' }, schema: { hide: true } }, async (_request, reply) =>
    reply.header('vary', 'accept').send({ success: true, data: addresses }),
  )
})

/** Returns the decoded path; undefined for one that is not percent-encoded UTF-8. */
function pathOf({ url }: FastifyRequest): string | undefined {
  try {
    return decodeURIComponent(url.split('?', 1)[0] as string)
  } catch {
    return undefined
  }
}

/** Answers a request for a file or a page; resolves to false, without an answer, when it is neither. */
type Serve = (path: string, request: FastifyRequest, reply: FastifyReply) => Promise<boolean>

async function serverOf(
  app: FastifyInstance,
  root: string,
  publicUrl: URL,
  viewerOf: Options['viewerOf'],
): Promise<Serve> {
  const firstLoads = createFirstLoads(root)
  const headers = pageHeaders({ publicUrl })
  const hashed = join(root, hashedFolder) + sep
  await app.register(fastifyStatic, {
    root,
    serve: false,
    preCompressed: true,
    index: false,
    dotfiles: 'ignore',
    cacheControl: false,
    suppressWarning: true,
    // Only for a file that is there: what is missing must be cached nowhere.
    setHeaders(reply, path) {
      reply.headers(headers)
      reply.header('cache-control', path.startsWith(hashed) ? 'public, max-age=31536000, immutable' : 'no-cache')
    },
  })
  return async (path, request, reply) => {
    const isNamed = isHashed(path) || isFile(path)
    if (!isNamed && !isNavigation(request.headers)) return false
    const file = isNamed ? path : '/index.html'
    // For a missing file the library would send its own 404, because no route matched.
    if (!(await isServable(root, file))) return false
    if (!isNamed) {
      reply.header('vary', 'accept')
      const viewer = viewerOf(request)
      if (viewer && path !== setUpPath) reply.header('link', await firstLoads(request.url, viewer))
    }
    reply.sendFile(file)
    return true
  }
}

/** Tests whether there is such a file in the folder, and neither its name nor a folder's begins with a dot. */
async function isServable(root: string, path: string): Promise<boolean> {
  if (/\/\.|[\\\0]|\/\//.test(path)) return false
  return (await stat(join(root, path)).catch(() => undefined))?.isFile() ?? false
}

/** The one page of a signed-in user that is no page of the app: until a required factor is set up, there is nothing else. */
const setUpPath = '/setup-factor'

/** Passes on requests to a Vite that serves the pages in development. Its pages have scripts inside, and therefore no policy. */
const proxyTo =
  ({ origin }: URL): Serve =>
  async (path, { url, method, headers: { accept = '*/*', 'if-none-match': tag }, headers }, reply) => {
    if (path === '/' && !isNavigation(headers)) return false
    reply.removeHeader('content-security-policy')
    const given = { accept, ...(tag && { 'if-none-match': tag }) }
    const answer = await fetch(`${origin}${url}`, { method, redirect: 'manual', headers: given })
    for (const name of ['content-type', 'cache-control', 'etag', 'location']) {
      const text = answer.headers.get(name)
      if (text !== null) reply.header(name, text)
    }
    reply.status(answer.status).send(answer.body ? Readable.fromWeb(answer.body) : undefined)
    return true
  }
