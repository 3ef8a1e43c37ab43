import { fileURLToPath } from 'node:url'
import { makePrivateFolder } from './private-folder.ts'
import { type OnSpawn, type Service, spawnService, stopProcess, waitUntilReady } from './processes.ts'

export type InboxOptions = {
  /** Of the web page and of `GET /email`. */
  port: number
  smtpPort: number
  logFile: string
  onSpawn?: OnSpawn
  /** Where mail is kept across restarts. */
  dir: string
  /** The oldest mail is dropped above this. */
  maxMails: number
}

const main = fileURLToPath(new URL('./inbox-main.ts', import.meta.url))

/** Starts MailDev in a process of its own and waits until its API answers. */
export async function startInbox(options: InboxOptions): Promise<Service> {
  makePrivateFolder(options.dir)
  const { port, smtpPort, dir, maxMails } = options
  const child = spawnService(process.execPath, [main, JSON.stringify({ port, smtpPort, dir, maxMails })], {
    logFile: options.logFile,
    onSpawn: options.onSpawn,
  })
  const url = `http://127.0.0.1:${port}`
  await waitUntilReady(child, 'The inbox', options.logFile, () => isAnswering(`${url}/api/healthz`))
  const pid = child.pid as number
  return { name: 'inbox', url, port, pid, process: child, stop: () => stopProcess(pid, 'SIGTERM', 5_000) }
}

async function isAnswering(url: string): Promise<boolean> {
  try {
    return (await fetch(url)).ok
  } catch {
    return false
  }
}
