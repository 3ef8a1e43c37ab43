import { once } from 'node:events'
import { Agent, request } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { quantile } from '../statistics.ts'
import { headersOf, type LoadRequest, type LoadResult } from './load.ts'

type Paced = {
  origin: string
  requests: LoadRequest[]
  connections: number
  seconds: number
  perSecond: number
  timeoutMs: number
}

/**
 * Sends requests at a constant rate, whether or not earlier ones have been answered, so that a slow response delays no
 * other request. (autocannon would send each second's requests at once, and corrects the latencies that it measures.)
 */
export async function loadAtRate({ origin, requests, connections, ...pace }: Paced): Promise<LoadResult> {
  const agent = new Agent({ keepAlive: true, maxSockets: connections })
  const count = Math.round(pace.seconds * pace.perSecond)
  const startMs = performance.now()
  const answers: Promise<number | undefined>[] = []
  for (let index = 0; index < count; index++) {
    await sleep(Math.max(0, startMs + (index * 1_000) / pace.perSecond - performance.now()))
    answers.push(timeOf(agent, origin, requests[index % requests.length] as LoadRequest, pace.timeoutMs))
  }
  const tookMs = await Promise.all(answers)
  agent.destroy()
  const answered = tookMs.filter((ms) => ms !== undefined)
  return {
    requests: answered.length,
    perSecond: answered.length / ((performance.now() - startMs) / 1_000),
    failures: count - answered.length,
    p50Ms: quantile(answered, 0.5),
    p99Ms: quantile(answered, 0.99),
  }
}

/** @returns milliseconds until the end of the response; undefined when it is missing, late or not 2xx */
async function timeOf(agent: Agent, origin: string, wanted: LoadRequest, timeoutMs: number) {
  const { method, path, body } = wanted
  const startMs = performance.now()
  try {
    const sent = request(origin + path, {
      agent,
      method,
      headers: headersOf(wanted),
      signal: AbortSignal.timeout(timeoutMs),
    }).end(body)
    const [response] = await once(sent, 'response')
    response.resume()
    await once(response, 'end')
    return Math.trunc(response.statusCode / 100) === 2 ? performance.now() - startMs : undefined
  } catch {
    return undefined
  }
}
