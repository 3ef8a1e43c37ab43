import { randomInt } from 'node:crypto'
import { createServer } from 'node:net'

/** Below what systems give to outgoing connections: such a port stays free until it is listened on, and after a crash. */
const quietPorts = { from: 20_000, to: 32_000 }

/**
 * A TCP port of the loopback interface that nobody listens on at this moment.
 * @param length how many in a row, of which this is the first
 */
export async function freePort(length = 1): Promise<number> {
  for (;;) {
    const port = randomInt(quietPorts.from, quietPorts.to - length)
    const free = await Promise.all(Array.from({ length }, (_, index) => isPortFree(port + index)))
    if (free.every(Boolean)) return port
  }
}

/** Whether this process could listen on the port, on loopback, right now. */
export function isPortFree(port: number, host = '127.0.0.1'): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen({ port, host }, () => server.close(() => resolve(true)))
  })
}

/** The wanted port when it is free, else any free one. */
export async function preferPort(wanted: number | undefined): Promise<number> {
  return wanted !== undefined && (await isPortFree(wanted)) ? wanted : freePort()
}
