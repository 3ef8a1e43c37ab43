import { registerEvent } from './events/register.ts'
import type { Feature } from './gateway.ts'

/** The parts of realtime, in the order in which they learn of a new connection. */
export const features: readonly Feature[] = [registerEvent]
