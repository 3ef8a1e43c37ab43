import { useEffect, useState, useSyncExternalStore } from 'react'
import { live } from '../../lib/live-muster.ts'
import { useStore } from '../../lib/use-store.ts'

/** How long a connection may be away before the page says so: a restart of the server is shorter. */
const patienceMs = 4_000

const subscribe = (listener: () => void) => {
  addEventListener('online', listener)
  addEventListener('offline', listener)
  return () => {
    removeEventListener('online', listener)
    removeEventListener('offline', listener)
  }
}

/** Tells whether the server cannot be reached: the browser says so, or the socket has waited for a while. */
export function useIsOffline(): boolean {
  const isOnline = useSyncExternalStore(subscribe, () => navigator.onLine)
  const isWaiting = useStore(live.realtime().connection) === 'waiting'
  const [isLong, setIsLong] = useState(false)
  useEffect(() => {
    if (!isWaiting) return setIsLong(false)
    const timer = setTimeout(() => setIsLong(true), patienceMs)
    return () => clearTimeout(timer)
  }, [isWaiting])
  return !isOnline || (isWaiting && isLong)
}
