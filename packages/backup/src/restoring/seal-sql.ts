import { newId } from '@muster/db'
import { templates } from '@muster/mail'
import type { Manifest } from '../manifest/manifest.ts'

/** Mails with a code or a link for their recipient alone, which end with the restore. */
const secretTemplates = Object.entries(templates)
  .filter(([, template]) => 'code' in template || 'token' in template)
  .map(([name]) => name)

/**
 * Builds the SQL that makes a copy of the restored data, in the transaction that loads it: another installation, held, in which no
 * session, challenge or link of the original is valid. It runs before the migrations, so it must fit every schema since
 * `0026_restore`.
 */
export function sealSql({ id, createdAt, installationId, postgres }: Manifest, copyId: string): string {
  const after = JSON.stringify({ by: 'operator', backupId: id, backupAt: createdAt, originalId: installationId })
  return `
    set search_path to ${identifier(postgres.schema)}, public;
    update installation set id = ${literal(copyId)}, held_at = now(), restored_at = now(),
      restored_backup_id = ${literal(id)}, restored_backup_at = ${literal(createdAt)}, backup_id = null, backup_until = null;
    -- Clients whose numbers are ahead of these data fetch them anew.
    update restore_epoch set id = gen_random_uuid();
    update sessions set revoked_at = now(), revoked_reason = 'restored from a backup', changed_at = clock_timestamp()
      where revoked_at is null;
    update two_factor_challenges set used_at = now() where used_at is null;
    update password_resets set used_at = now() where used_at is null;
    update invites set status = 'expired', expires_at = least(expires_at, now()), updated_at = now() where status = 'pending';
    update email_messages set status = 'dropped', error = 'restored from a backup: its code or link has ended',
      next_attempt_at = null, lease_token = null, lease_until = null
      where status in ('queued', 'sending') and template in (${secretTemplates.map(literal).join(', ')});
    -- No job is in the Redis of the copy.
    update outbox set published_at = null where failed_at is null;
    insert into audit_pending (id, action, actor_id, target_type, target_id, after)
      values (${literal(newId())}, 'installation.restored', null, 'installation', ${literal(copyId)}, ${literal(after)});`
}

/** Quotes a text for a session with standard strings, which every dump sets. */
const literal = (value: string) => `'${value.replaceAll("'", "''")}'`
const identifier = (name: string) => `"${name.replaceAll('"', '""')}"`
