import { pagesDevMain } from '@muster/pages'
import { isAnswering, type OnSpawn, type Service, spawnService, stopProcess, waitUntilReady } from '@muster/supervisor'

/** The first start reads all sources and compiles the texts of the pages. */
const startTimeoutMs = 180_000

/** Starts the Vite that serves the pages from their sources, as a child process, and waits until it responds. */
export async function startVite({
  port,
  logFile,
  onSpawn,
}: {
  port: number
  logFile: string
  onSpawn?: OnSpawn
}): Promise<Service> {
  const child = spawnService(process.execPath, [pagesDevMain, String(port)], { logFile, onSpawn })
  const url = viteUrl(port)
  await waitUntilReady(child, 'Vite', logFile, () => isAnswering(`${url}/@vite/client`), startTimeoutMs)
  const pid = child.pid as number
  return { name: 'vite', url, port, pid, process: child, stop: () => stopProcess(pid, 'SIGTERM', 5_000) }
}

/** Returns where the API finds Vite, also before it runs. */
export const viteUrl = (port: number): string => `http://127.0.0.1:${port}`
