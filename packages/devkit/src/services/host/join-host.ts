import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { StartError, spawnService, tailOf } from '@muster/supervisor'
import { type HostFile, type HostMessage, readHostFile } from './host-file.ts'
import { linesOf } from './host-services.ts'

export type JoinOptions = {
  /** The folder of the services. */
  dir: string
  /** The main file of the host, which calls `hostServices`; it gets `dir` as its argument. */
  main: string
  logFile: string
  /** The message with which this user joins the host. */
  request: unknown
  /** How long the host keeps the services for the next user, when this one leaves last. */
  lingerMs?: number
  /** Prints the progress. */
  say(line: string): void
  /** Called when the host ends although this process uses its services. */
  onLost(): void
}

export type Joined<Info> = {
  info: Info
  /** Resolves when the services have stopped, or other users keep them. */
  leave(): Promise<void>
}

/** Generous, because many users may start on a busy machine at once. It does not include the start of the services. */
const joinTimeoutMs = 60_000

/**
 * Uses the services of the folder's host, which is started unless it runs. They run at least until this process leaves or ends.
 * @throws StartError when the services do not start
 */
export async function joinHost<Info>(options: JoinOptions): Promise<Joined<Info>> {
  const { dir, main, logFile } = options
  mkdirSync(dir, { recursive: true })
  const deadline = Date.now() + joinTimeoutMs
  let host: ChildProcess | undefined
  while (Date.now() < deadline) {
    const file = readHostFile(dir)
    const joined = file && (await join<Info>(file, options))
    if (joined) return joined
    if (host?.exitCode) break
    if (!host || hasEnded(host)) {
      host = spawnService(process.execPath, [main, dir], { logFile, cwd: dir })
      host.on('error', () => {})
      host.unref()
    }
    await sleep(15)
  }
  throw new StartError(`The services host did not start. The end of ${logFile}:\n${tailOf(logFile)}`)
}

/** @returns undefined when the host is gone, or ends before the user is admitted */
async function join<Info>(file: HostFile, options: JoinOptions): Promise<Joined<Info> | undefined> {
  const { request, lingerMs = 0, say, onLost } = options
  const socket = connect({ port: file.port, host: '127.0.0.1', allowHalfOpen: true })
  try {
    await once(socket, 'connect')
  } catch {
    return
  }
  socket.on('error', () => {})
  socket.write(`${JSON.stringify({ token: file.token, request, lingerMs })}\n`)
  const messages = linesOf<HostMessage>(socket)
  for (;;) {
    const { value: message } = await messages.next()
    if (!message) return void socket.destroy()
    if ('say' in message) say(message.say)
    if ('failed' in message) {
      await leave(socket)
      throw new StartError(message.failed)
    }
    if (!('ready' in message)) continue
    let isLeaving = false
    const wait = async () => {
      for await (const later of messages) if ('say' in later) say(later.say)
      if (!isLeaving) onLost()
    }
    void wait()
    // The connection alone does not keep this process alive.
    socket.unref()
    return {
      info: message.ready as Info,
      leave: () => {
        isLeaving = true
        return leave(socket)
      },
    }
  }
}

/** Says goodbye, and waits until the host closes the connection: it stops the services first, when this was the last user. */
async function leave(socket: Socket): Promise<void> {
  if (socket.closed) return
  socket.ref()
  socket.end()
  await once(socket, 'close')
}

function hasEnded({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode !== null || signalCode !== null
}
