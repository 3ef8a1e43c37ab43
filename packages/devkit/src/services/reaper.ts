import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'

/** A child process that the reaper stops when its supervisor dies: all apps at the same time, then all services. */
export type ReapedProcess = { pid: number; kind: 'app' | 'service'; signal: NodeJS.Signals }

export type Reaper = {
  watch(child: ReapedProcess): void
  /** Call it when the process exits: the operating system may give its pid to another one. */
  unwatch(pid: number): void
  /** Ends the reaper without stopping anything. */
  dismiss(): void
}

const main = fileURLToPath(new URL('./reaper-main.ts', import.meta.url))

/**
 * Starts the reaper, a small process that outlives this one. When the pipe between them closes without a dismissal (kill -9,
 * a crash), it stops the watched processes, so that none is left running.
 */
export function startReaper(): Reaper {
  const child = spawn(process.execPath, [main], { detached: true, stdio: ['pipe', 'ignore', 'ignore'] })
  child.unref()
  child.on('error', () => {})
  child.stdin.on('error', () => {})
  const send = (message: object) => child.stdin.write(`${JSON.stringify(message)}\n`)
  // The open pipe must not keep this process alive.
  ;(child.stdin as unknown as { unref?(): void }).unref?.()
  return {
    watch: (reaped) => void send({ watch: reaped }),
    unwatch: (pid) => void send({ unwatch: pid }),
    dismiss: () => void child.stdin.end(`${JSON.stringify({ dismiss: true })}\n`),
  }
}
