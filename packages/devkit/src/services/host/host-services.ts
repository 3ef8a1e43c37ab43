import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Lock, StartError, takeLock } from '@muster/supervisor'
import { type Hello, type HostMessage, readHostFile, removeHostFile, writeHostFile } from './host-file.ts'

/** A process that uses the services. */
export type User<Request> = {
  request: Request
  /** Prints a line in the user's terminal. */
  say(line: string): void
  /** Aborts when the user left, or was killed. */
  left: AbortSignal
}

export type HostOptions<Request, Info> = {
  /** The folder of the services. One host runs in it at a time. */
  dir: string
  /** Resolves when the user can begin, with what it must know of the services. `tellAll` prints a line for all users. */
  admit(user: User<Request>, tellAll: (line: string) => void): Promise<Info>
  /** Stops the services. */
  stop(): Promise<void>
}

/** A host whose starter was killed before it connected ends after this time. */
const firstUserMs = 30_000

/**
 * Runs services for several processes at a time, and ends this process when its last user has left. Each user holds a connection
 * open ({@link joinHost}); the operating system closes the one of a killed user. Ends at once when the folder has a host already.
 */
export async function hostServices<Request, Info>(options: HostOptions<Request, Info>): Promise<void> {
  const { dir, admit, stop } = options
  const lock = await lockUnlessHosted(dir)
  if (!lock) return
  const token = randomUUID()
  const users = new Map<Socket, User<Request>>()
  let isStopping = false
  let hasFailed = false
  let idle: NodeJS.Timeout

  const end = async () => {
    if (isStopping) return
    isStopping = true
    server.close()
    removeHostFile(dir)
    await stop()
    lock.release()
    // Closes the connection of the last user, who waits for it.
    process.exit(0)
  }
  const endAfter = (ms: number) => {
    idle = setTimeout(end, ms)
  }
  const tellAll = (line: string) => {
    for (const user of users.values()) user.say(line)
  }

  const greet = async (socket: Socket, user: User<Request>) => {
    try {
      send(socket, { ready: await admit(user, tellAll) })
    } catch (error) {
      hasFailed = true
      send(socket, { failed: error instanceof StartError ? error.message : String((error as Error).stack ?? error) })
    }
  }

  const server = createServer({ allowHalfOpen: true }, async (socket) => {
    socket.on('error', () => {})
    const leaving = new AbortController()
    let lingerMs = 0
    for await (const hello of linesOf<Hello>(socket)) {
      if (hello.token !== token || isStopping) break
      clearTimeout(idle)
      lingerMs = hello.lingerMs
      const say = (line: string) => send(socket, { say: line })
      users.set(socket, { request: hello.request as Request, say, left: leaving.signal })
      void greet(socket, users.get(socket) as User<Request>)
    }
    leaving.abort()
    const wasLast = users.delete(socket) && users.size === 0
    if (wasLast && (lingerMs === 0 || hasFailed)) return end()
    if (wasLast) endAfter(lingerMs)
    socket.end()
  })
  // Ctrl-C and a closed terminal are for the users.
  for (const signal of ['SIGINT', 'SIGHUP'] as const) process.on(signal, () => {})
  process.on('SIGTERM', end)
  await once(server.listen(0, '127.0.0.1'), 'listening')
  writeHostFile(dir, { pid: process.pid, port: (server.address() as AddressInfo).port, token })
  endAfter(firstUserMs)
}

/** Takes the lock of the folder. While another host starts or stops, it waits. @returns undefined when another host listens */
async function lockUnlessHosted(dir: string): Promise<Lock | undefined> {
  for (;;) {
    const lock = await takeLock(join(dir, 'host.lock'))
    if ('release' in lock) return lock
    if (readHostFile(dir)?.pid === lock.heldBy) return
    await sleep(20)
  }
}

function send(socket: Socket, message: HostMessage): void {
  if (socket.writable) socket.write(`${JSON.stringify(message)}\n`)
}

/** Reads the JSON lines of a connection, until the other side ends it or is killed. */
export async function* linesOf<Line>(socket: Socket): AsyncGenerator<Line> {
  try {
    for await (const line of createInterface({ input: socket })) yield JSON.parse(line) as Line
  } catch {
    // The connection was reset, or the other side speaks another protocol.
    socket.destroy()
  }
}
