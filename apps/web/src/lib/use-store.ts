import type { Store } from '@muster/client'
import { useSyncExternalStore } from 'react'

/** Returns the value of a store of the client, and renders again when it changes. */
export const useStore = <T>({ subscribe, getSnapshot }: Store<T>): T => useSyncExternalStore(subscribe, getSnapshot)
