import { chmodSync, mkdirSync } from 'node:fs'

/** Creates a folder that only its owner may enter, and restricts an existing one: an older release created it for all. */
export function makePrivateFolder(path: string): void {
  mkdirSync(path, { recursive: true })
  chmodSync(path, 0o700)
}
