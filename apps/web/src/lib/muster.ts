import { createUserMuster } from '@muster/client'

/** The client of the API, whose origin these pages share. `live` adds the connection, for the pages of signed-in users, and `operator` the calls of operators. */
export const muster = createUserMuster()
