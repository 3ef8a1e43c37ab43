import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

/** The network between one client and the API: a test can cut it, and lead it to another instance. */
export type TcpProxy = {
  url: string
  /** Leads further connections to this address, and ends the present ones, as a load balancer does. */
  sendTo(url: string): void
  /** Ends all connections and refuses new ones until `heal`. */
  cut(): void
  heal(): void
  close(): Promise<void>
}

/** Starts a proxy on a free port. */
export async function startTcpProxy(target: string): Promise<TcpProxy> {
  let { hostname, port } = new URL(target)
  let isCut = false
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
      one.pipe(other)
    }
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `${new URL(target).protocol}//127.0.0.1:${(server.address() as AddressInfo).port}`,
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
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        endAll()
      }),
  }
}
