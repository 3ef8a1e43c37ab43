import { type ChildProcess, execFileSync, fork } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'

/** A child process that answers questions, one at a time. It exits with this process. */
export type Child<Question, Answer> = {
  pid: number
  ask(question: Question): Promise<Answer>
  stop(): Promise<void>
}

const ticksPerSecond = 100

type Reply<Answer> = { answer: Answer } | { error: string }

/** Starts a file that calls `answer`, and waits until it is ready. @throws Error when it exits before */
export async function startChild<Question, Answer>(
  file: URL,
  env: Record<string, string> = {},
): Promise<Child<Question, Answer>> {
  const child = fork(file, [], { env: { ...process.env, ...env }, stdio: ['ignore', 'ignore', 'inherit', 'ipc'] })
  await nextReply(child)
  return {
    pid: child.pid as number,
    async ask(question) {
      const reply = nextReply<Answer>(child)
      child.send(question as object)
      return reply
    },
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return
      const gone = once(child, 'exit')
      child.disconnect()
      await gone
    },
  }
}

function nextReply<Answer>(child: ChildProcess): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const onExit = (code: number | null) => reject(new Error(`${child.spawnargs[1]} ended with ${code}`))
    child.once('exit', onExit)
    child.once('message', (reply: Reply<Answer>) => {
      child.off('exit', onExit)
      if ('error' in reply) reject(new Error(reply.error))
      else resolve(reply.answer)
    })
  })
}

/** Returns the resident memory of a process. */
export function rssMiB(pid: number): number {
  if (process.platform === 'linux') {
    const [, kib] = /^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? []
    return Number(kib) / 1024
  }
  return Number(execFileSync('ps', ['-o', 'rss=', '-p', String(pid)], { encoding: 'utf8' })) / 1024
}

/** Returns the peak resident memory of a process so far; its current one on systems that do not report the peak. */
export function peakRssMiB(pid: number): number {
  if (process.platform !== 'linux') return rssMiB(pid)
  const [, kib] = /^VmHWM:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? []
  return Number(kib) / 1024
}

/** Returns the CPU time that a process has used, which tells whether the process was the bottleneck. Linux only. */
export const cpuSeconds = (pid: number): number | undefined => ticksOf(pid, 11)

/** Returns the CPU time of the children of a process that have ended. Linux only. */
export const childCpuSeconds = (pid: number): number | undefined => ticksOf(pid, 13)

/** Adds two neighbouring fields of /proc/<pid>/stat: user and system time. */
function ticksOf(pid: number, field: number): number | undefined {
  const path = `/proc/${pid}/stat`
  if (!existsSync(path)) return undefined
  const fields = readFileSync(path, 'utf8').split(') ')[1]?.split(' ') ?? []
  return (Number(fields[field]) + Number(fields[field + 1])) / ticksPerSecond
}

/** Returns the steal time of all cores: the host ran other machines while this one had work. Linux only. */
export function stolenSeconds(): number {
  if (process.platform !== 'linux') return 0
  const [, ticks] = /^cpu(?:\s+\d+){7}\s+(\d+)/.exec(readFileSync('/proc/stat', 'utf8')) ?? []
  return Number(ticks ?? 0) / ticksPerSecond
}
