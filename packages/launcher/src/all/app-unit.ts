import { spawn } from 'node:child_process'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'
import { stopProcess, type Unit, waitUntilReady } from '@muster/supervisor'
import type { App } from '../apps.ts'
import type { Entry } from '../entries.ts'
import { nodeCommand } from '../node-command.ts'
import { ask } from './ask.ts'
import { childEnv } from './child-env.ts'

/** A process that waits for Postgres says so and ends before; this is for machines under load. */
const startTimeoutMs = 180_000

/** Describes one of all processes. @param onPort called before each start with the ops port that the process will have */
export function appUnit(app: App, onPort: (port: number) => void): Unit {
  return {
    name: app.name,
    kind: 'app',
    mark: app.name,
    async start(onSpawn) {
      const opsPort = await freePort()
      onPort(opsPort)
      const { args, env } = nodeCommand(app.name as Entry, [], childEnv(app, opsPort, process.env))
      const child = spawn(process.execPath, args, {
        env,
        // Ctrl-C in the terminal must not reach it: the supervisor stops all processes.
        detached: true,
        // It ends when the channel closes, because then this process was killed.
        stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      })
      onSpawn(child)
      child.channel?.unref()
      await waitUntilReady(child, `The ${app.name}`, undefined, () => isLive(opsPort), startTimeoutMs)
      const pid = child.pid as number
      const url = `http://127.0.0.1:${opsPort}`
      return {
        name: app.name,
        url,
        port: opsPort,
        pid,
        process: child,
        stop: () => stopProcess(pid, 'SIGTERM', 28_000),
      }
    },
  }
}

const isLive = async (port: number) => (await ask(port, '/livez'))?.status === 200

/** Finds a port of this machine that nobody listens on. When it is taken meanwhile, the process ends and starts with another one. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  return port
}
