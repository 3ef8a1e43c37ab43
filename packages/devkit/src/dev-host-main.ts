import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { StartError } from '@muster/supervisor'
import { hostServices } from './services/host/host-services.ts'

/** Runs `npm start` without apps, for the apps that their own `dev` runs. */
const start = fileURLToPath(new URL('./start.ts', import.meta.url))
let child: ChildProcess | undefined
let ready: Promise<void> | undefined

await hostServices({
  dir: process.argv[2] as string,
  async admit(_, tellAll) {
    ready ??= startWithoutApps(tellAll)
    await ready
    return {}
  },
  async stop() {
    if (!child || child.exitCode !== null) return
    child.off('exit', endWithChild)
    child.kill('SIGTERM')
    await once(child, 'exit')
  },
})

/** @throws StartError with what the process says when it ends before it is ready */
async function startWithoutApps(tellAll: (line: string) => void): Promise<void> {
  const started = spawn(process.execPath, [start, '--without-apps'], { stdio: ['ignore', 'pipe', 'pipe', 'ipc'] })
  child = started
  createInterface({ input: started.stdout as Readable }).on('line', (line) => tellAll(line.replace(/^muster\s+/, '')))
  const errors = text(started.stderr as Readable)
  // It sends a message when it is ready.
  const [isReady] = await Promise.race([once(started, 'message'), once(started, 'exit').then(() => [false])])
  if (!isReady) throw new StartError((await errors).trim())
  started.once('exit', endWithChild)
}

/** The users notice the end of this process. */
function endWithChild(): void {
  process.exit(1)
}
