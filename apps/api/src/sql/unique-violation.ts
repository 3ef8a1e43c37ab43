const uniqueViolation = '23505'

/** Whether Postgres refused a row because this constraint holds such a value already. */
export function isUniqueViolation(error: unknown, constraint: string): boolean {
  const { code, constraint: violated } = (error ?? {}) as { code?: string; constraint?: string }
  return code === uniqueViolation && violated === constraint
}
