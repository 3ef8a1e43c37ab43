import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'

/** How a process is ended when its supervisor is gone: lower stages first, all of a stage together. */
export type Ward = { pid: number; stage: 'app' | 'service'; signal: NodeJS.Signals }

export type Guardian = {
  watch(ward: Ward): void
  /** The process ended by itself: its pid may soon be someone else's. */
  forget(pid: number): void
  /** Everything is stopped; the guardian may go. */
  dismiss(): void
}

const main = fileURLToPath(new URL('./guardian-main.ts', import.meta.url))

/**
 * A small process that outlives this one: when the pipe between them closes without a dismissal (kill -9, a crash), it
 * stops what this process had started, so that nothing stays behind.
 */
export function startGuardian(): Guardian {
  const child = spawn(process.execPath, [main], { detached: true, stdio: ['pipe', 'ignore', 'ignore'] })
  child.unref()
  child.on('error', () => {})
  child.stdin.on('error', () => {})
  const tell = (message: object) => child.stdin.write(`${JSON.stringify(message)}\n`)
  // The open pipe must not keep this process alive.
  ;(child.stdin as unknown as { unref?(): void }).unref?.()
  return {
    watch: (ward) => void tell({ watch: ward }),
    forget: (pid) => void tell({ forget: pid }),
    dismiss: () => void child.stdin.end(`${JSON.stringify({ dismiss: true })}\n`),
  }
}
