export type ManualClock = {
  now(): Date
  advance(ms: number): void
  set(date: Date): void
}

/** Creates a clock that stands still until the test moves it. */
export function manualClock(start: Date = new Date()): ManualClock {
  let nowMs = start.getTime()
  return {
    now: () => new Date(nowMs),
    advance: (ms) => {
      nowMs += ms
    },
    set: (date) => {
      nowMs = date.getTime()
    },
  }
}
