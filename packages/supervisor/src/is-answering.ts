import { get } from 'node:http'

const patienceMs = 5_000

/**
 * Tells whether a server answers a GET of the `http:` address with a status of success. Costs a twentieth of a `fetch`, whose failures
 * would keep a processor busy while it waits for processes that need it to start.
 */
export function isAnswering(url: string): Promise<boolean> {
  return new Promise((resolve) => {
    const request = get(url, { agent: false, timeout: patienceMs }, ({ statusCode = 0 }) => {
      resolve(statusCode >= 200 && statusCode < 300)
      request.destroy()
    })
    request.on('timeout', () => request.destroy())
    request.on('error', () => resolve(false))
  })
}
