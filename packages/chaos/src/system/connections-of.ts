import { readdirSync, readFileSync, readlinkSync } from 'node:fs'

/** Counts the established TCP connections of a process to a port of this machine. Linux only. */
export function connectionsOf(pid: number, port: number): number {
  const own = new Set(
    readdirSync(`/proc/${pid}/fd`).map((fd) => {
      try {
        return /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${fd}`))?.[1]
      } catch {
        // Closed meanwhile.
        return undefined
      }
    }),
  )
  const rows = ['tcp', 'tcp6'].flatMap((kind) => readFileSync(`/proc/${pid}/net/${kind}`, 'utf8').split('\n').slice(1))
  return rows
    .map((row) => row.trim().split(/\s+/))
    .filter((fields) => {
      const [, , remote = '', state] = fields
      return state === '01' && Number.parseInt(remote.split(':')[1] ?? '', 16) === port && own.has(fields[9])
    }).length
}
