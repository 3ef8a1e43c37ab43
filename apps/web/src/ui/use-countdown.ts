import { useEffect, useReducer, useState } from 'react'

/**
 * Counts down to an instant in milliseconds of the clock, once a second.
 * @returns the whole seconds that are left, 0 afterwards and without an instant
 */
export function useSecondsUntil(instantMs: number | null): number {
  const [, render] = useReducer((count: number) => count + 1, 0)
  const left = instantMs === null ? 0 : Math.max(0, Math.ceil((instantMs - Date.now()) / 1_000))
  const isRunning = left > 0
  useEffect(() => {
    if (!isRunning) return
    const timer = setInterval(render, 1_000)
    // A page in the background is not timed: it catches up when it is seen again.
    document.addEventListener('visibilitychange', render)
    return () => {
      clearInterval(timer)
      document.removeEventListener('visibilitychange', render)
    }
  }, [isRunning])
  return left
}

/** Counts down a number of seconds from each time that `start` is called. */
export function useCountdown(): { secondsLeft: number; start: (seconds: number) => void } {
  const [endMs, setEndMs] = useState<number | null>(null)
  return { secondsLeft: useSecondsUntil(endMs), start: (seconds) => setEndMs(Date.now() + seconds * 1_000) }
}

/** Writes seconds as minutes and seconds: `4:07`. */
export const clockOf = (seconds: number): string =>
  `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, '0')}`
