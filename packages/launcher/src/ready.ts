import { get } from 'node:http'

const patienceMs = 5_000

/** Asks the process behind an ops port of this machine whether it is ready, and exits with 0 or, naming what is missing, with 1. */
export function reportReadiness([port = process.env.OPS_PORT]: readonly string[]): void {
  const end = (code: number, text: string) => {
    ;(code === 0 ? process.stdout : process.stderr).write(`${text.trim()}\n`)
    process.exit(code)
  }
  if (!/^\d{1,5}$/.test(port ?? '')) end(2, 'muster ready <ops port>, e.g. `muster ready 9100`, or set OPS_PORT')
  get({ host: '127.0.0.1', port, path: '/readyz', timeout: patienceMs }, (response) => {
    response.setEncoding('utf8')
    let text = ''
    response.on('data', (chunk: string) => {
      text += chunk
    })
    response.on('end', () => end(response.statusCode === 200 ? 0 : 1, text))
  })
    .on('timeout', () => end(1, `port ${port} does not answer`))
    .on('error', (error: NodeJS.ErrnoException) => end(1, `port ${port}: ${error.code ?? error.message}`))
}
