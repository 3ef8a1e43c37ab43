import { once } from 'node:events'
import { createServer, type Server, type ServerResponse } from 'node:http'
import { ask } from './ask.ts'

type Options = {
  host: string
  port: number
  /** The ops ports of the processes by their names. */
  ports: ReadonlyMap<string, number>
  isStopping: () => boolean
}

/**
 * Serves `/livez` and `/readyz` for all processes together, and everything that a process serves on its own ops port below its name:
 * `/api/metrics`, `/email-worker/readyz`.
 */
export async function serveOps({ host, port, ports, isStopping }: Options): Promise<Server> {
  const server = createServer({ headersTimeout: 5_000, requestTimeout: 5_000 }, async (request, response) => {
    if (request.method !== 'GET' && request.method !== 'HEAD')
      return reply(response.setHeader('allow', 'GET, HEAD'), 405, 'only GET and HEAD\n')
    const url = request.url ?? '/'
    const [, name = '', path] = /^\/([^/?]*)(\/.*)?$/.exec(url) ?? []
    if (name === 'livez') return reply(response, 200, 'ok\n')
    if (name === 'readyz') {
      const obstacles = isStopping() ? ['shutting down'] : await listObstacles(ports)
      return obstacles.length === 0
        ? reply(response, 200, 'ready\n')
        : reply(response, 503, `not ready: ${obstacles.join('; ')}\n`)
    }
    const own = ports.get(name)
    if (own === undefined || !path)
      return reply(response, 404, `try /livez, /readyz or /<process>/metrics, e.g. /${[...ports.keys()][0]}/metrics\n`)
    const answer = await ask(own, path)
    return answer
      ? reply(response, answer.status, answer.body, answer.type)
      : reply(response, 502, `${name} does not answer\n`)
  })
  server.listen(port, host)
  await once(server, 'listening')
  return server
}

const reply = (response: ServerResponse, status: number, body: string, type = 'text/plain') =>
  response.writeHead(status, { 'content-type': type }).end(body)

/** Lists why the processes are not ready, e.g. `email-worker: redis ECONNREFUSED`. */
async function listObstacles(ports: ReadonlyMap<string, number>): Promise<string[]> {
  const answers = await Promise.all(
    [...ports].map(async ([name, port]) => ({ name, answer: await ask(port, '/readyz') })),
  )
  return answers
    .filter(({ answer }) => answer?.status !== 200)
    .map(({ name, answer }) => `${name}: ${answer?.body.trim().replace(/^not ready: /, '') ?? 'does not answer'}`)
}
