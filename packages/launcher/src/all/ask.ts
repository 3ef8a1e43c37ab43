import { get } from 'node:http'

export type Answer = { status: number; type: string; body: string }

const patienceMs = 4_000

/** Asks a process of this machine on its ops port. Node's `fetch` would need 10 MB more. @returns undefined when it does not answer */
export function ask(port: number, path: string): Promise<Answer | undefined> {
  return new Promise((resolve) => {
    const request = get({ host: '127.0.0.1', port, path, timeout: patienceMs }, (response) => {
      response.setEncoding('utf8')
      let body = ''
      response.on('data', (chunk: string) => {
        body += chunk
      })
      const type = response.headers['content-type'] ?? 'text/plain'
      response.on('end', () => resolve({ status: response.statusCode ?? 502, type, body }))
      response.on('error', () => resolve(undefined))
    })
    request.on('timeout', () => request.destroy())
    request.on('error', () => resolve(undefined))
  })
}
