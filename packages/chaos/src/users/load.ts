import { Agent, type IncomingMessage, request } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { entityOf, newTaskBody } from './fixtures.ts'

export type Load = {
  answered(): number
  /** From now on these get the requests; what others have begun goes on. */
  sendTo(urls: readonly string[]): void
  /** @returns what went wrong: an answer of 400 and above, or a connection that broke or was refused */
  stop(): Promise<{ failures: string[]; createdTaskIds: string[] }>
}

const clients = 8
/** Some hundreds of requests a second, which leaves a processor for the instance that starts. */
const thinkMs = 10

/** Reads and writes over connections that stay open, as a proxy does; nothing is tried twice. */
export function startLoad(first: readonly string[], cookie: string): Load {
  let urls = first
  const agent = new Agent({ keepAlive: true, maxSockets: clients * 2 })
  const failures: string[] = []
  const createdTaskIds: string[] = []
  let answered = 0
  let isStopping = false

  const once = (url: string, isWrite: boolean) =>
    new Promise<void>((resolve) => {
      const body = isWrite ? JSON.stringify(newTaskBody('Rolling')) : undefined
      const headers = { cookie, ...(body && { 'content-type': 'application/json' }) }
      const sent = request(`${url}/api/v1${isWrite ? '/tasks' : '/users/me'}`, {
        agent,
        method: isWrite ? 'POST' : 'GET',
        headers,
      })
      const fail = (error: NodeJS.ErrnoException) => {
        failures.push(
          `${isWrite ? 'POST' : 'GET'}: ${error.code} ${sent.reusedSocket ? 'on a kept' : 'on a new'} connection`,
        )
        resolve()
      }
      sent.on('error', fail)
      sent.on('response', async (response) => {
        const text = await read(response).catch(fail)
        if (text === undefined) return
        const status = response.statusCode ?? 0
        if (status >= 400) failures.push(`${status} from ${url}: ${text}`)
        else if (isWrite) createdTaskIds.push(entityOf({ body: JSON.parse(text), status }, 'task').id)
        answered++
        resolve()
      })
      sent.end(body)
    })

  const client = async (index: number) => {
    for (let turn = index; !isStopping; turn++) {
      await once(urls[turn % urls.length] as string, turn % 4 === 0)
      await sleep(thinkMs)
    }
  }
  const running = Promise.all(Array.from({ length: clients }, (_, index) => client(index)))
  return {
    answered: () => answered,
    sendTo: (next) => {
      urls = next
    },
    async stop() {
      isStopping = true
      await running
      agent.destroy()
      return { failures, createdTaskIds }
    },
  }
}

async function read(response: IncomingMessage): Promise<string> {
  let text = ''
  for await (const chunk of response.setEncoding('utf8')) text += chunk
  return text
}
