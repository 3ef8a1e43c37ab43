import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

/** A way to a server that can break, as that of a phone does. */
export type CuttableLink = {
  /** Where to connect instead of to the server. */
  url: string
  /** Breaks all connections, and refuses new ones until `mend`. */
  cut(): void
  mend(): void
  close(): Promise<void>
}

/** Starts a link to a server, on a free port of this machine. */
export async function startCuttableLink(serverUrl: string): Promise<CuttableLink> {
  const { hostname: host, port, protocol } = new URL(serverUrl)
  const open = new Set<Socket>()
  let isCut = false
  const server = createServer((near) => {
    if (isCut) return void near.destroy()
    const far = connect({ host, port: Number(port || (protocol === 'https:' ? 443 : 80)) })
    const ends = [near, far]
    const end = () => {
      for (const socket of ends) {
        socket.destroy()
        open.delete(socket)
      }
    }
    for (const socket of ends) {
      open.add(socket)
      socket.on('error', end).on('close', end)
    }
    near.pipe(far).pipe(near)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const destroyAll = () => {
    for (const socket of open) socket.destroy()
  }
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    cut() {
      isCut = true
      destroyAll()
    },
    mend() {
      isCut = false
    },
    async close() {
      destroyAll()
      server.close()
      await once(server, 'close')
    },
  }
}
