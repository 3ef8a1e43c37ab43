import { type Db, readInstallationId } from '@muster/db'
import { createTransact, noPublisher } from '@muster/jobs/outbox'

/** Records in the audit log that the operator took all data out of the installation. */
export async function recordBackup(db: Db, backupId: string): Promise<void> {
  const targetId = await readInstallationId(db)
  await createTransact({ db, publisher: noPublisher })(async ({ audit }) => {
    const after = { by: 'operator', backupId }
    audit({ action: 'installation.backed_up', actorId: null, targetType: 'installation', targetId, after })
  })
}
