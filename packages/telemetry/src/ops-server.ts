import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { collectDefaultMetrics } from 'prom-client'
import { listMetrics, registry } from './registry.ts'

/** Requests to this server are small and fast: slower ones are cut off, and bodies are not read. */
const limits = {
  headersTimeout: 5_000,
  requestTimeout: 5_000,
  connectionsCheckingInterval: 1_000,
  keepAliveTimeout: 30_000,
  maxHeaderSize: 8 * 1_024,
}

export type OpsServer = { port: number; close(): Promise<void> }

type OpsServerOptions = {
  host: string
  /** 0 chooses a free port. */
  port: number
  /** Lists the reasons why the process is not ready, e.g. `redis WRONGPASS`. Unless it is empty, `/readyz` responds with 503. */
  obstacles: () => Promise<readonly string[]>
  /** Aborted once the process stops: from then on it is not ready, although it still works. */
  stopping?: AbortSignal
  /** Further pages by their path, in JSON. A page without an answer responds with 503. */
  pages?: Record<`/${string}`, () => Promise<object | undefined>>
}

/** Each sample wakes the process: every 10 ms, the library's default, takes a quarter of the processor time of an idle worker. */
const loopSampleMs = 50

/** Starts the server for `/livez`, `/readyz`, `/metrics` (Prometheus text format), `/metrics/definitions` and further pages of a process on a port of its own. */
export async function startOpsServer({
  host,
  port,
  obstacles,
  stopping,
  pages = {},
}: OpsServerOptions): Promise<OpsServer> {
  if (!registry.getSingleMetric('process_cpu_seconds_total'))
    collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: loopSampleMs })
  const server = createServer(limits, async (request, response) => {
    const reply = (status: number, body: string, type = 'text/plain') =>
      response.writeHead(status, { 'content-type': type }).end(body)
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      response.setHeader('allow', 'GET, HEAD')
      return reply(405, 'only GET and HEAD\n')
    }
    const path = request.url?.split('?', 1)[0] ?? ''
    const page = Object.hasOwn(pages, path) ? pages[path as `/${string}`] : undefined
    if (page) {
      const answer = await page().catch(() => undefined)
      return reply(answer ? 200 : 503, JSON.stringify(answer ?? { error: 'unavailable' }), 'application/json')
    }
    switch (path) {
      case '/livez':
        return reply(200, 'ok\n')
      case '/readyz': {
        const found = stopping?.aborted ? ['shutting down'] : await obstacles()
        return found.length === 0 ? reply(200, 'ready\n') : reply(503, `not ready: ${found.join(', ')}\n`)
      }
      case '/metrics/definitions':
        return reply(200, JSON.stringify(listMetrics()), 'application/json')
      case '/metrics':
        return reply(200, await registry.metrics(), registry.contentType)
      default:
        return reply(404, `try ${['/livez', '/readyz', ...Object.keys(pages)].join(', ')} or /metrics\n`)
    }
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, resolve)
  })
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
