import { processNames } from '@muster/config'
import { type ConfigReaders, diagnose, renderReport } from '@muster/doctor'
import { readConfig as readAuditWorker } from '@muster/settings/audit-worker'
import { readConfig as readEmailWorker } from '@muster/settings/email-worker'
import { readConfig as readImageWorker } from '@muster/settings/image-worker'
import { readConfig as readReminderWorker } from '@muster/settings/reminder-worker'
import { z } from 'zod'
import { readConfig as readApi } from '../config.ts'
import { isTrustedProxy } from '../http/trusted-proxies.ts'
import { type Result, UsageError } from './command.ts'
import { assertCopyRuns, environment, ignoredCopy as findIgnoredCopy } from './environment.ts'

const readers: ConfigReaders = {
  api: readApi,
  'email-worker': readEmailWorker,
  'audit-worker': readAuditWorker,
  'reminder-worker': readReminderWorker,
  'image-worker': readImageWorker,
}
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
  const report = await diagnose({ env, readers, processes: processes.data, isTrustedProxy, ignoredCopy })
  return { data: report, lines: renderReport(report), isWell: report.isWell }
}
