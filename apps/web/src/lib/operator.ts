import { withAdmin } from '@muster/client'
import { muster } from './muster.ts'

/** The same client with the calls of operators, which only their pages load. */
export const operator = withAdmin(muster)
