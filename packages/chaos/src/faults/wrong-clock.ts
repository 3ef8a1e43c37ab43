import { readdirSync } from 'node:fs'
import { join } from 'node:path'

/** libfaketime, of Debian's package `faketime`: it sets the system clock of a process and not its monotonic clock. */
export const fakeClockLibrary = findLibrary()

/** The environment of a process whose system clock is ahead, or with a negative number behind. */
export const clockAhead = (seconds: number) => ({
  LD_PRELOAD: fakeClockLibrary ?? '',
  FAKETIME: `${seconds < 0 ? '' : '+'}${seconds}s`,
  FAKETIME_DONT_FAKE_MONOTONIC: '1',
})

function findLibrary(): string | undefined {
  const folders = ['/usr/lib', ...list('/usr/lib').map((name) => join('/usr/lib', name))]
  return folders
    .map((folder) => join(folder, 'faketime'))
    .filter((folder) => list(folder).includes('libfaketime.so.1'))
    .map((folder) => join(folder, 'libfaketime.so.1'))[0]
}

function list(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}
