import { MusterError } from '@muster/client'
import { QueryClient } from '@tanstack/react-query'
import { muster } from './muster.ts'

/** A failed read is tried again only where the next try may succeed. */
const mayRecover = (error: unknown) =>
  error instanceof MusterError && (error.code === 'NETWORK' || error.code === 'TIMEOUT')

/** What the pages have read from the API. The first element of each key is the module of the API. */
export const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      // The socket tells what changed; what it missed is read again when the window gets the focus.
      staleTime: 30_000,
      retry: (failures, error) => failures < 2 && mayRecover(error),
    },
    mutations: { retry: false },
  },
})

const userIdOf = (session = muster.session.getSnapshot()) => ('user' in session ? session.user.id : undefined)
let userId = userIdOf()
// What one user has read is nothing for the next one.
muster.session.subscribe(() => {
  const next = userIdOf()
  if (next !== userId) queryClient.clear()
  userId = next
})
