import { connect } from 'node:net'
import { type OnSpawn, type Service, spawnService, stopProcess, waitUntilReady } from '@muster/supervisor'
import { makePrivateFolder } from './private-folder.ts'

export type RedisOptions = {
  /** Path of redis-server or valkey-server. */
  program: string
  dir: string
  port: number
  logFile: string
  onSpawn?: OnSpawn
  /** False for tests: Redis writes nothing to disk. */
  isDurable: boolean
  databases?: number
  /** Further settings, as in redis.conf. */
  settings?: Record<string, string | number>
}

/** Starts Redis on loopback, without eviction, and waits until it responds. */
export async function startRedis(options: RedisOptions): Promise<Service> {
  makePrivateFolder(options.dir)
  const { port } = options
  const settings = {
    port,
    bind: '127.0.0.1',
    dir: options.dir,
    databases: options.databases ?? 16,
    'maxmemory-policy': 'noeviction',
    appendonly: options.isDurable ? 'yes' : 'no',
    save: '',
    daemonize: 'no',
    ...options.settings,
  }
  const args = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, String(value)])
  const child = spawnService(options.program, args, { logFile: options.logFile, onSpawn: options.onSpawn })
  await waitUntilReady(child, 'Redis', options.logFile, () => isAnswering(port))
  const pid = child.pid as number
  return {
    name: 'redis',
    url: `redis://127.0.0.1:${port}`,
    port,
    pid,
    process: child,
    stop: () => stopProcess(pid, 'SIGTERM', 10_000),
  }
}

/** Pings Redis, which may ask for a password. While it loads its file, it accepts connections and responds with -LOADING. */
function isAnswering(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1' })
    socket.setTimeout(1_000, () => socket.destroy())
    socket.once('connect', () => socket.write('PING\r\n'))
    socket.once('data', (answer) => {
      resolve(/^(?:\+PONG|-NOAUTH)/.test(answer.toString()))
      socket.destroy()
    })
    socket.once('error', () => resolve(false))
    socket.once('close', () => resolve(false))
  })
}
