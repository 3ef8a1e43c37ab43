import { fileURLToPath } from 'node:url'
import { isAnswering, type OnSpawn, type Service, spawnService, stopProcess, waitUntilReady } from '@muster/supervisor'
import { makePrivateFolder } from './private-folder.ts'

export type InboxOptions = {
  /** Serves the web page and `GET /email`. */
  port: number
  smtpPort: number
  logFile: string
  onSpawn?: OnSpawn
  /** The folder that keeps mail across restarts. */
  dir: string
  /** Above this number the oldest mail is deleted. */
  maxMails: number
}

const main = fileURLToPath(new URL('./inbox-main.ts', import.meta.url))

/** Starts MailDev as a child process and waits until its API responds. */
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
