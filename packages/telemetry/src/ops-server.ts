import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Logger } from '@muster/logger'
import { collectDefaultMetrics } from 'prom-client'
import { registry } from './registry.ts'

/** Nothing that is asked here is large or slow: who takes longer to ask is cut off, and a body is read by nobody. */
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
  /** 0 picks a free one. */
  port: number
  /** Whether the process can do its work now; a rejection or false answers 503. */
  ready: () => Promise<boolean>
  log: Logger
}

/** Serves `/livez`, `/readyz` and `/metrics` (Prometheus text format) of one process on a port of its own. */
export async function startOpsServer({ host, port, ready, log }: OpsServerOptions): Promise<OpsServer> {
  if (!registry.getSingleMetric('process_cpu_seconds_total')) collectDefaultMetrics({ register: registry })
  const server = createServer(limits, async (request, response) => {
    const reply = (status: number, body: string, type = 'text/plain') =>
      response.writeHead(status, { 'content-type': type }).end(body)
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      response.setHeader('allow', 'GET, HEAD')
      return reply(405, 'only GET and HEAD\n')
    }
    switch (request.url?.split('?', 1)[0]) {
      case '/livez':
        return reply(200, 'ok\n')
      case '/readyz': {
        const isReady = await ready().catch((error: unknown) => {
          log.warn({ err: error }, 'readiness check failed')
          return false
        })
        return isReady ? reply(200, 'ready\n') : reply(503, 'not ready\n')
      }
      case '/metrics':
        return reply(200, await registry.metrics(), registry.contentType)
      default:
        return reply(404, 'try /livez, /readyz or /metrics\n')
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
