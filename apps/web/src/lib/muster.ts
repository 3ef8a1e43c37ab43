import { createMuster } from '@muster/client'

/** The client of the API, whose origin these pages share. */
export const muster = createMuster()
