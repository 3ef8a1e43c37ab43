import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { readJson, writePrivateJson } from '../../secrets.ts'

/** The content of host.json: where a services host listens. Only who can read the file knows the token. */
export type HostFile = { pid: number; port: number; token: string }

/** The first line that a user sends. */
export type Hello = { token: string; request: unknown; lingerMs: number }

/** A line that the host sends: progress, the answer to the request, or why the services do not start. */
export type HostMessage = { say: string } | { ready: unknown } | { failed: string }

const pathIn = (dir: string) => join(dir, 'host.json')

export function readHostFile(dir: string): HostFile | undefined {
  return readJson<HostFile>(pathIn(dir))
}

export function writeHostFile(dir: string, file: HostFile): void {
  writePrivateJson(pathIn(dir), file)
}

export function removeHostFile(dir: string): void {
  rmSync(pathIn(dir), { force: true })
}
