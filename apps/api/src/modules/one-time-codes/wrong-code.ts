import { DomainError, detailOf } from '@muster/errors'

/** The source of a code: a mail, an authenticator app, or the list of recovery codes. */
export type CodeSource = 'mail' | 'app' | 'recovery'

const messages: Record<CodeSource, string> = {
  mail: 'This code is wrong or has expired. Ask for a new one.',
  app: 'This code is wrong, too old or was used already. Enter the code that your app shows now.',
  recovery: 'This recovery code is wrong or was used already. Enter another one.',
}

/**
 * Builds the error for a wrong code, with a sentence that is true for its source.
 * @param field the field of the body that has the code
 */
export const wrongCode = (factor: CodeSource, field = 'code'): DomainError =>
  new DomainError('OTP_INVALID', {
    message: messages[factor],
    details: [detailOf(`body.${field}`, 'WRONG_CODE', { factor })],
  })
