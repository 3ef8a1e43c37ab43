import { withRealtime } from '@muster/client'
import { muster } from './muster.ts'

/** The same client with its connection, which only the pages of signed-in users load. */
export const live = withRealtime(muster)
