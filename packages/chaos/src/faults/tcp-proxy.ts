import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { Transform } from 'node:stream'

/** The network between a client and a server: a test can cut it, slow it down, and lead it to another server. */
export type TcpProxy = {
  url: string
  /** Leads further connections to this address, and ends the present ones, as a load balancer does. */
  sendTo(url: string): void
  /** Ends all connections and refuses new ones until `heal`. */
  cut(): void
  heal(): void
  /** Delivers what is sent from now on only after this time, in each direction. */
  delay(ms: number): void
  close(): Promise<void>
}

/** Passes on each chunk after a time, in order. */
const delayed = (delayMs: () => number) =>
  new Transform({
    transform(chunk, _encoding, callback) {
      const ms = delayMs()
      if (ms === 0) callback(null, chunk)
      else setTimeout(() => callback(null, chunk), ms)
    },
  })

/** Starts a proxy on a free port. */
export async function startTcpProxy(target: string): Promise<TcpProxy> {
  let { hostname, port } = new URL(target)
  let isCut = false
  let delayMs = 0
  const open = new Set<Socket>()
  const endAll = () => {
    for (const socket of open) socket.destroy()
  }
  const server = createServer((client) => {
    if (isCut) return client.destroy()
    const upstream = connect({ host: hostname, port: Number(port) })
    for (const [one, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      open.add(one)
      one.setNoDelay(true)
      one.on('error', () => other.destroy())
      one.on('close', () => {
        open.delete(one)
        other.destroy()
      })
      one.pipe(delayed(() => delayMs)).pipe(other)
    }
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: addressThrough(target, (server.address() as AddressInfo).port),
    sendTo(url) {
      ;({ hostname, port } = new URL(url))
      endAll()
    },
    cut() {
      isCut = true
      endAll()
    },
    heal() {
      isCut = false
    },
    delay(ms) {
      delayMs = ms
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        endAll()
      }),
  }
}

/** Returns the URL of the target with the proxy's place instead of its own. */
function addressThrough(target: string, port: number): string {
  const url = Object.assign(new URL(target), { hostname: '127.0.0.1', port: String(port) })
  return url.pathname === '/' ? url.href.replace(/\/$/, '') : url.href
}
