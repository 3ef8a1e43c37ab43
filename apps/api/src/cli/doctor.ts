import { processNames } from '@muster/config'
import { renderReport } from '@muster/doctor'
import { z } from 'zod'
import { examineInstallation } from '../examine-installation.ts'
import { type Result, UsageError } from './command.ts'
import { assertCopyRuns, environment, ignoredCopy as findIgnoredCopy } from './environment.ts'

const names = z.array(z.enum(processNames))

/**
 * Examines the installation of this environment. `isWell` is false when something is wrong.
 * @throws UsageError for a process that there is not, Error as {@link assertCopyRuns}
 */
export async function examine(options: Readonly<Record<string, string | undefined>>): Promise<Result> {
  assertCopyRuns()
  return examineEnvironment(environment(), options, findIgnoredCopy())
}

/** Examines the installation of an environment as {@link examine} does. */
export async function examineEnvironment(
  env: NodeJS.ProcessEnv,
  { process: chosen }: Readonly<Record<string, string | undefined>> = {},
  ignoredCopy?: string,
): Promise<Result> {
  const processes = names.optional().safeParse(chosen?.split(','))
  if (!processes.success)
    throw new UsageError(`--process takes some of ${processNames.join(', ')}, separated by commas.`)
  const report = await examineInstallation(env, { processes: processes.data, ignoredCopy })
  return { data: report, lines: renderReport(report), isWell: report.isWell }
}
