import type { ChildProcess } from 'node:child_process'
import { onTestFinished, type TestContext } from 'vitest'

/**
 * Kills a process when the test ends. A process that a failed test left running would keep the whole run from ending.
 * @param context of the test; needed in a test that runs concurrently with others
 */
export function endWithTest<C extends ChildProcess>(
  child: C,
  context: Pick<TestContext, 'onTestFinished'> = { onTestFinished },
): C {
  context.onTestFinished(() => void child.kill('SIGKILL'))
  return child
}
