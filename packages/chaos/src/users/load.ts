import { type IncomingMessage, Agent as PlainAgent, request as plainRequest } from 'node:http'
import { Agent as TlsAgent, request as tlsRequest } from 'node:https'
import { setTimeout as sleep } from 'node:timers/promises'
import { entityOf, newTaskBody } from './fixtures.ts'

export type Load = {
  responseCount(): number
  /** Sends all further requests to these instances; requests under way finish where they are. */
  sendTo(urls: readonly string[]): void
  /** Ends the load. @returns every response of 400 and above and every broken or refused connection */
  stop(): Promise<{ failures: string[]; createdTaskIds: string[] }>
}

const clients = 8
/** Some two hundred requests a second, which leaves CPU for starting processes. */
const defaultPauseMs = 30

export type LoadOptions = {
  /**
   * Sends a request once more when the connection, used before, ended without an answer, as browsers do: a server may close an idle
   * connection at any moment, as nginx does when it is reloaded.
   */
  likeBrowser?: boolean
  /** Sends no writes. */
  onlyReads?: boolean
  /** The pause of each of the eight clients between two requests. */
  pauseMs?: number
}

/** Sends reads and writes over keep-alive connections, as a proxy does, and retries nothing unless the options say so. */
export function startLoad(
  initialUrls: readonly string[],
  cookie: string,
  { likeBrowser = false, onlyReads = false, pauseMs = defaultPauseMs }: LoadOptions = {},
): Load {
  let urls = initialUrls
  const isTls = initialUrls.some((url) => url.startsWith('https:'))
  const agent = new (isTls ? TlsAgent : PlainAgent)({ keepAlive: true, maxSockets: clients * 2 })
  const request = isTls ? tlsRequest : plainRequest
  const failures: string[] = []
  const createdTaskIds: string[] = []
  let responses = 0
  let isStopping = false

  const sendOne = (url: string, isWrite: boolean): Promise<void> =>
    new Promise<void>((resolve) => {
      const method = isWrite ? 'POST' : 'GET'
      const body = isWrite ? JSON.stringify(newTaskBody('Rolling')) : undefined
      const headers = { cookie, ...(body && { 'content-type': 'application/json' }) }
      const sent = request(`${url}/api/v1${isWrite ? '/tasks' : '/users/me'}`, { agent, method, headers })
      const fail = (error: NodeJS.ErrnoException) => {
        if (likeBrowser && sent.reusedSocket && !isAnswered) return void sendOne(url, isWrite).then(resolve)
        failures.push(`${method}: ${error.code} on a ${sent.reusedSocket ? 'reused' : 'new'} connection`)
        resolve()
      }
      let isAnswered = false
      sent.on('error', fail)
      sent.on('response', async (response) => {
        isAnswered = true
        const text = await readText(response).catch(fail)
        if (text === undefined) return
        const status = response.statusCode ?? 0
        if (status >= 400) failures.push(`${status} from ${url}: ${text}`)
        else if (isWrite) createdTaskIds.push(entityOf({ body: JSON.parse(text), status }, 'task').id)
        responses++
        resolve()
      })
      sent.end(body)
    })

  const runClient = async (index: number) => {
    for (let round = index; !isStopping; round++) {
      await sendOne(urls[round % urls.length] as string, !onlyReads && round % 4 === 0)
      await sleep(pauseMs)
    }
  }
  const running = Promise.all(Array.from({ length: clients }, (_, index) => runClient(index)))
  return {
    responseCount: () => responses,
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

async function readText(response: IncomingMessage): Promise<string> {
  let text = ''
  for await (const chunk of response.setEncoding('utf8')) text += chunk
  return text
}
