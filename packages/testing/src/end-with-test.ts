import type { ChildProcess } from 'node:child_process'
import { onTestFinished } from 'vitest'

/** What a failed test leaves running would hold the output of the whole run open, and that would never end. */
export function endWithTest<C extends ChildProcess>(child: C): C {
  onTestFinished(() => void child.kill('SIGKILL'))
  return child
}
