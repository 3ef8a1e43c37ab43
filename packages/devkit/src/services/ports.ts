import { randomInt } from 'node:crypto'
import { createServer } from 'node:net'

/** Below the range for outgoing connections, so that a chosen port stays free until its process listens, and after a crash. */
const portRange = { from: 20_000, to: 32_000 }

/** A chosen port is free until its process listens: another start of the same moment must not get it. */
const chosen = new Set<number>()

/**
 * Chooses a random free TCP port of the loopback interface, which this process has not chosen before.
 * @param length how many consecutive ports must be free
 * @returns the first of them
 */
export async function freePort(length = 1): Promise<number> {
  for (;;) {
    const port = randomInt(portRange.from, portRange.to - length)
    const ports = Array.from({ length }, (_, index) => port + index)
    if (ports.some((one) => chosen.has(one))) continue
    for (const one of ports) chosen.add(one)
    const free = await Promise.all(ports.map((one) => isPortFree(one)))
    if (free.every(Boolean)) return port
  }
}

/** Tests whether this process could listen on the port right now, by doing so for a moment. */
export function isPortFree(port: number, host = '127.0.0.1'): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen({ port, host }, () => server.close(() => resolve(true)))
  })
}

/** Returns the preferred port if it is free, else any free one. */
export async function preferPort(preferred: number | undefined): Promise<number> {
  return preferred !== undefined && (await isPortFree(preferred)) ? preferred : freePort()
}
