import { type ConfigReaders, diagnose, type Report, type Subject } from '@muster/doctor'
import { readConfig as readAuditWorker } from '@muster/settings/audit-worker'
import { readConfig as readEmailWorker } from '@muster/settings/email-worker'
import { readConfig as readImageWorker } from '@muster/settings/image-worker'
import { readConfig as readReminderWorker } from '@muster/settings/reminder-worker'
import { readConfig as readApi } from './config.ts'
import { isTrustedProxy } from './http/trusted-proxies.ts'

const readers: ConfigReaders = {
  api: readApi,
  'email-worker': readEmailWorker,
  'audit-worker': readAuditWorker,
  'reminder-worker': readReminderWorker,
  'image-worker': readImageWorker,
}

/** Runs all checks of `muster doctor` on the installation of an environment. Loaded only when it is needed: it knows the settings of all processes. */
export const examineInstallation = (
  env: NodeJS.ProcessEnv,
  options: Pick<Subject, 'processes' | 'ignoredCopy'> = {},
): Promise<Report> => diagnose({ env, readers, isTrustedProxy, ...options })
