import { once } from 'node:events'
import { Agent, request } from 'node:http'
import { headersOf, type LoadRequest } from '../../load/load.ts'
import { inTurns } from '../../sockets/in-turns.ts'

const defaultAtOnce = 8

/** Sends so many requests, made by their number, a few at once. @throws Error when one is not answered by 2xx */
export async function sendRequests(
  origin: string,
  count: number,
  make: (index: number) => LoadRequest,
  atOnce = defaultAtOnce,
): Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: atOnce })
  try {
    await inTurns(
      Array.from({ length: count }, (_, index) => make(index)),
      atOnce,
      (wanted) => send(agent, origin, wanted),
    )
  } finally {
    agent.destroy()
  }
}

async function send(agent: Agent, origin: string, wanted: LoadRequest): Promise<void> {
  const sending = request(origin + wanted.path, { agent, method: wanted.method, headers: headersOf(wanted) })
  sending.end(wanted.body)
  const [response] = await once(sending, 'response')
  let text = ''
  for await (const chunk of response) text += chunk
  if (response.statusCode >= 300)
    throw new Error(`${wanted.method} ${wanted.path} was answered by ${response.statusCode}: ${text}`)
}
