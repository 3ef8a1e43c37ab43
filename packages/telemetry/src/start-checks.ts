/** A condition that a process must meet to start. Rejects with the fault and its remedy. */
export type StartCheck = () => Promise<unknown>

/**
 * Runs every check and reports all faults together, so that an operator can fix them in one go.
 * @throws the only failure, or an Error whose message lists all failures
 */
export async function runStartChecks(checks: readonly StartCheck[]): Promise<void> {
  const outcomes = await Promise.allSettled(checks.map((check) => check()))
  const failures = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason as unknown] : []))
  if (failures.length === 0) return
  if (failures.length === 1) throw failures[0]
  const sentences = failures.map((failure) => (failure instanceof Error ? failure.message : String(failure)))
  throw new Error(`The start is refused:\n${sentences.map((sentence) => `  - ${sentence}`).join('\n')}`, {
    cause: failures[0],
  })
}
