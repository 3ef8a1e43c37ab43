import { createInterface } from 'node:readline'
import { stopProcess } from '@muster/supervisor'
import type { ReapedProcess } from './reaper.ts'

type Message = { watch?: ReapedProcess; unwatch?: number; dismiss?: true }

/** An app drains for up to 25 s. */
const graceMs = 28_000
const watched = new Map<number, ReapedProcess>()

// Only the supervisor handles Ctrl-C and a closed terminal.
for (const signal of ['SIGINT', 'SIGHUP', 'SIGTERM'] as const) process.on(signal, () => {})

for await (const line of createInterface({ input: process.stdin })) {
  const { watch, unwatch, dismiss } = JSON.parse(line) as Message
  if (watch) watched.set(watch.pid, watch)
  if (unwatch) watched.delete(unwatch)
  if (dismiss) process.exit(0)
}

for (const kind of ['app', 'service'] as const) {
  const children = [...watched.values()].filter((child) => child.kind === kind)
  await Promise.all(children.map(({ pid, signal }) => stopProcess(pid, signal, graceMs)))
}
