import type { Subject } from '../diagnose.ts'
import type { Notes } from '../finding.ts'
import type { Tools } from '../tools.ts'
import { checkAddresses } from './addresses.ts'
import { checkAuditChain } from './audit-chain.ts'
import { checkClock } from './clock.ts'
import { checkConfiguration } from './configuration.ts'
import { checkFolders } from './folders.ts'
import { checkHeld } from './held.ts'
import { checkKeys } from './keys.ts'
import { checkLags } from './lags.ts'
import { checkMail } from './mail.ts'
import { checkMigrations } from './migrations.ts'
import { checkNode } from './node.ts'
import { checkPostgres } from './postgres.ts'
import { checkProcesses } from './processes.ts'
import { checkQueues } from './queues.ts'
import { checkRedis } from './redis.ts'
import { checkReplica } from './replica.ts'
import { checkScanner } from './scanner.ts'
import { checkSignIn } from './sign-in.ts'
import { checkStorage } from './storage.ts'

/** Looks at one part of an installation. */
export type Check = { name: string; run(tools: Tools, notes: Notes, subject: Subject): Promise<void> }

/** All checks, in the order of the report. */
export const checks: readonly Check[] = [
  { name: 'configuration', run: checkConfiguration },
  { name: 'node', run: checkNode },
  { name: 'postgres', run: checkPostgres },
  { name: 'replica', run: checkReplica },
  { name: 'migrations', run: checkMigrations },
  { name: 'clock', run: checkClock },
  { name: 'held', run: checkHeld },
  { name: 'redis', run: checkRedis },
  { name: 'keys', run: checkKeys },
  { name: 'folders', run: checkFolders },
  { name: 'storage', run: checkStorage },
  { name: 'scanner', run: checkScanner },
  { name: 'mail', run: checkMail },
  { name: 'processes', run: checkProcesses },
  { name: 'queues', run: checkQueues },
  { name: 'lags', run: checkLags },
  { name: 'audit-chain', run: checkAuditChain },
  { name: 'client-address', run: checkAddresses },
  { name: 'sign-in', run: checkSignIn },
]
