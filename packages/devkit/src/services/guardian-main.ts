import { createInterface } from 'node:readline'
import type { Ward } from './guardian.ts'
import { stopProcess } from './processes.ts'

type Message = { watch?: Ward; forget?: number; dismiss?: true }

const drainMs = 28_000
const wards = new Map<number, Ward>()

// Ctrl-C and a closed terminal concern the supervisor alone.
for (const signal of ['SIGINT', 'SIGHUP', 'SIGTERM'] as const) process.on(signal, () => {})

for await (const line of createInterface({ input: process.stdin })) {
  const { watch, forget, dismiss } = JSON.parse(line) as Message
  if (watch) wards.set(watch.pid, watch)
  if (forget) wards.delete(forget)
  if (dismiss) process.exit(0)
}

for (const stage of ['app', 'service'] as const) {
  const those = [...wards.values()].filter((ward) => ward.stage === stage)
  await Promise.all(those.map(({ pid, signal }) => stopProcess(pid, signal, drainMs)))
}
