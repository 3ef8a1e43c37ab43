import { z } from 'zod'

/** Schema of an instant in an answer or event: ISO 8601, UTC, milliseconds. */
export const instant = z.iso.datetime().meta({ examples: ['2030-01-15T09:00:00.000Z'] })
