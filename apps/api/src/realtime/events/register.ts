import { DomainError } from '@muster/errors'
import type { Feature } from '../gateway.ts'

/**
 * Answers `register`, which clients written for earlier servers send to name their user. The session decides who that is: another id is
 * refused.
 */
export const registerEvent: Feature = ({ handle }) => {
  handle('register', ({ actor }, { userId }) => {
    if (userId !== actor.userId)
      throw new DomainError('FORBIDDEN', { message: 'The session of this connection belongs to another user.' })
    return { userId }
  })
  return undefined
}
