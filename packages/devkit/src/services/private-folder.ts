import { chmodSync, mkdirSync } from 'node:fs'

/** Makes a folder that only its owner may enter, also where an older release made it for all. */
export function makePrivateFolder(path: string): void {
  mkdirSync(path, { recursive: true })
  chmodSync(path, 0o700)
}
