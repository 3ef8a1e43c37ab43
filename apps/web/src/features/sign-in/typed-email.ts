let typed = ''

/** Keeps the address that was typed in one of the forms for visitors, so that the next form begins with it. It stays in memory. */
export const typedEmail = {
  get: () => typed,
  set(email: string) {
    typed = email
  },
}
