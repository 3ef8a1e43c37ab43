import { useEffect, useState } from 'react'

/** Returns the value that has not changed for a while, so that not each key of a search is sent. */
export function useSettled<T>(value: T, patienceMs: number): T {
  const [settled, setSettled] = useState(value)
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), patienceMs)
    return () => clearTimeout(timer)
  }, [value, patienceMs])
  return settled
}
