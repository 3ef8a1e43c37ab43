import type { Feature } from '../gateway.ts'
import { keepLeases } from './leases.ts'
import { watchPresence } from './watches.ts'

/** Makes users online while they have connections, and pushes presence to those who watch them. */
export const presence: Feature = (gateway, context) => {
  const leases = keepLeases(gateway, context)
  const watches = watchPresence(gateway, context)
  return {
    async close() {
      leases.close()
      await watches.close()
    },
  }
}
