import {
  type InstallationStatus,
  readInstallationStatus,
  type StatusSources,
} from '../../modules/admin/installation-status.ts'
import type { OpsState } from './ask-ops.ts'

export type Status = InstallationStatus & {
  /** The processes of this machine or of `--ops` that answered on their ops ports. */
  ops: OpsState[]
}

/** Reads the status of an installation, and asks its ops ports. Takes about two seconds at most, and never rejects: what cannot be read says so. */
export async function readStatus({
  askOps,
  ...sources
}: StatusSources & { askOps: () => Promise<OpsState[]> }): Promise<Status> {
  const [status, ops] = await Promise.all([readInstallationStatus(sources), askOps()])
  return { ...status, ops }
}
