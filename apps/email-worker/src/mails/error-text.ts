const maxLength = 500

/**
 * Prepares an error for the `error` column of a mail: without the mail's code or token, on one line, at most 500 characters.
 * @param secret the mail's code or token. A server may quote only the part after the token's dot, so that part is removed;
 *   cutting comes last, so that it cannot leave half a secret
 */
export function errorText(reason: string, secret = ''): string {
  const hidden = secret.slice(secret.lastIndexOf('.') + 1)
  const text = hidden ? reason.replaceAll(hidden, '[secret]') : reason
  return text
    .toWellFormed()
    .replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, ' ')
    .slice(0, maxLength)
    .toWellFormed()
}
