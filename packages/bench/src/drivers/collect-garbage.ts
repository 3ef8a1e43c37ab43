/** Loaded before a measured process (`--import`): on SIGUSR2 it collects its garbage and writes its memory to a file. */
import { writeFileSync } from 'node:fs'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

setFlagsFromString('--expose-gc')
const collect: () => void = runInNewContext('gc')

process.on('SIGUSR2', () => {
  collect()
  collect()
  const file = `${process.env.BENCH_MEMORY_FILE}.${process.pid}`
  if (process.env.BENCH_MEMORY_FILE) writeFileSync(file, JSON.stringify(process.memoryUsage()))
})
