import { type ChildProcess, spawn } from 'node:child_process'
import { basename } from 'node:path'

const keptChars = 4_000

/** A running program of Postgres. */
export type Program = {
  child: ChildProcess
  /** Resolves when it exited with 0. @throws Error with the end of what it wrote to standard error */
  done: Promise<void>
}

/** Starts a program of Postgres, which ends with the signal. Its input and output are pipes. */
export function runProgram(
  path: string,
  args: readonly string[],
  { env, signal }: { env: NodeJS.ProcessEnv; signal: AbortSignal },
): Program {
  const child = spawn(path, args, { env, stdio: ['pipe', 'pipe', 'pipe'] })
  const kill = () => void child.kill('SIGTERM')
  signal.addEventListener('abort', kill)
  let errors = ''
  child.stderr?.setEncoding('utf8').on('data', (chunk: string) => {
    errors = (errors + chunk).slice(-keptChars)
  })
  const done = new Promise<void>((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code, killedBy) => {
      signal.removeEventListener('abort', kill)
      if (code === 0) return resolve()
      const name = basename(path)
      reject(new Error(`${name} failed (${killedBy ?? `exit code ${code}`}): ${errors.trim() || 'it said nothing'}`))
    })
  })
  // A caller that waits for another program first must not be ended by this one's rejection.
  done.catch(() => {})
  return { child, done }
}
