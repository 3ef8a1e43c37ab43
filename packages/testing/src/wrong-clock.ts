import { globSync } from 'node:fs'

/** libfaketime, of Debian's package `faketime`: it sets the system clock of a process and not its monotonic clock. */
export const [fakeClockLibrary] = globSync(['', '*/'].map((folder) => `/usr/lib/${folder}faketime/libfaketime.so.1`))

/** The environment of a process whose system clock is ahead, or with a negative number behind. */
export const clockAhead = (seconds: number) => ({
  LD_PRELOAD: fakeClockLibrary ?? '',
  FAKETIME: `${seconds < 0 ? '' : '+'}${seconds}s`,
  FAKETIME_DONT_FAKE_MONOTONIC: '1',
})
