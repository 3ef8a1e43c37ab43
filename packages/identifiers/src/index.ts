export { toAsciiDomain } from './domain.ts'
export {
  canonicalEmailAddress,
  displayEmailAddress,
  emailAddress,
  exactEmailAddress,
  partOfEmailAddress,
} from './email-address.ts'
export { lowerCaseAscii } from './lower-case-ascii.ts'
export { isReservedUsername } from './reserved-usernames.ts'
export { newUsername, reservedUsernameFault, username, usernameLength, usernamePattern } from './username.ts'
export { isUuid, uuidPattern } from './uuid.ts'
