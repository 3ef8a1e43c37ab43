import { z } from 'zod'
import { lowerCaseAscii } from './lower-case-ascii.ts'
import { isReservedUsername } from './reserved-usernames.ts'

export const usernameLength = { min: 3, max: 30 }
/** The form of a username as users type it. */
export const usernamePattern = new RegExp(`^[A-Za-z0-9_]{${usernameLength.min},${usernameLength.max}}$`)

/** Validates a username and converts it to the form in which usernames are compared and stored. It may be reserved. */
export const username = z
  .string()
  .trim()
  .regex(usernamePattern, 'must have 3 to 30 characters of a–z, 0–9 and _')
  .overwrite(lowerCaseAscii)

export const reservedUsernameFault = 'is reserved; choose another username'

/** Validates a username for a new account, which must not be reserved. */
export const newUsername = username.refine((name) => !isReservedUsername(name), {
  error: reservedUsernameFault,
  params: { code: 'RESERVED' },
})
