const uniqueViolation = '23505'

/** Returns whether Postgres refused a row because of this unique constraint. */
export function isUniqueViolation(error: unknown, constraint: string): boolean {
  const { code, constraint: violated } = (error ?? {}) as { code?: string; constraint?: string }
  return code === uniqueViolation && violated === constraint
}
