/** One condition without which a process must not start; rejects with a sentence that tells an operator what to do. */
export type StartCheck = () => Promise<unknown>

/**
 * Runs every check and refuses the start with all that is wrong, so that an operator mends it in one go.
 * @throws the one failure, or an Error whose message has the sentence of each
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
