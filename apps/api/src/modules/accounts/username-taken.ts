import { DomainError, detailOf } from '@muster/errors'

/** Builds the error for a username that another user has. */
export const usernameTaken = (): DomainError =>
  new DomainError('USERNAME_TAKEN', { details: [detailOf('body.username', 'TAKEN')] })
