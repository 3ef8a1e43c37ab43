import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process'

const preload = new URL('./standby-main.ts', import.meta.url).href
const nodeOptions = ['--enable-source-maps', '--import', preload]
/** The next one loads when the process that has just begun is ready, most likely, so that it does not delay it. */
const nextAfterMs = 3_000

/** Starts the processes of one app. While one runs, the next stands by with its dependencies loaded. */
export type Standby = {
  /** Returns a process that begins to run the app now. */
  take(): ChildProcess
  close(): void
}

/** Creates the starter of an app's processes. @param findDependencies lists the URLs of what the app imports at present */
export function createStandby(main: string, options: SpawnOptions, findDependencies: () => readonly string[]): Standby {
  let next: { child: ChildProcess; isWarm: boolean } | undefined
  let timer: NodeJS.Timeout | undefined

  const prepare = () => {
    const child = spawn(process.execPath, [...nodeOptions, main], {
      ...options,
      env: { ...options.env, MUSTER_STANDBY: '1' },
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    })
    const own = { child, isWarm: false }
    next = own
    child.once('message', () => {
      own.isWarm = true
    })
    child.once('error', () => {})
    child.send({ dependencies: findDependencies() }, () => {})
  }
  const drop = () => {
    next?.child.kill('SIGKILL')
    next = undefined
  }
  return {
    take() {
      clearTimeout(timer)
      timer = setTimeout(prepare, nextAfterMs)
      if (next?.isWarm && next.child.connected) {
        const { child } = next
        next = undefined
        child.send('run', () => {})
        return child
      }
      drop()
      return spawn(process.execPath, [...nodeOptions, main], { ...options, stdio: ['ignore', 'pipe', 'pipe'] })
    },
    close() {
      clearTimeout(timer)
      drop()
    },
  }
}
