import { muster } from '../../lib/muster.ts'
import { createReading } from '../../lib/reading.ts'

/** The public configuration for forms: rules of passwords and usernames, lifetimes of codes, and whether Google is configured. */
export const authConfig = createReading(() => muster.auth.config())

export const useAuthConfig = authConfig.use
