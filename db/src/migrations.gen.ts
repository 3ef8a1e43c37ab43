// Written by `pnpm db new`.
import * as m0 from '../migrations/0001_people.ts'
import * as m1 from '../migrations/0002_work.ts'
import * as m2 from '../migrations/0003_mail.ts'
import * as m3 from '../migrations/0004_outbox.ts'
import * as m4 from '../migrations/0005_audit.ts'
import * as m5 from '../migrations/0006_identity.ts'
import * as m6 from '../migrations/0007_invites.ts'
import * as m7 from '../migrations/0008_audit_retention.ts'
import * as m8 from '../migrations/0009_notifications.ts'
import * as m9 from '../migrations/0010_reminders_complete.ts'
import * as m10 from '../migrations/0011_audit_places.ts'
import * as m11 from '../migrations/0012_search_words.ts'
import * as m12 from '../migrations/0013_one_history.ts'
import * as m13 from '../migrations/0014_key_checks.ts'
import * as m14 from '../migrations/0015_suppressions.ts'
import * as m15 from '../migrations/0016_search_text.ts'
import * as m16 from '../migrations/0017_optional_due_date.ts'
import * as m17 from '../migrations/0018_chats.ts'
import * as m18 from '../migrations/0019_notification_changes.ts'
import * as m19 from '../migrations/0020_chat_notices.ts'
import * as m20 from '../migrations/0021_groups.ts'
import * as m21 from '../migrations/0022_chat_search.ts'
import * as m22 from '../migrations/0023_changed_at.ts'
import * as m23 from '../migrations/0024_installation.ts'
import * as m24 from '../migrations/0025_causes.ts'
import * as m25 from '../migrations/0026_restore.ts'
import * as m26 from '../migrations/0027_chat_sizes.ts'
import * as m27 from '../migrations/0029_email_attempts.ts'
import * as m28 from '../migrations/0030_operations.ts'
import * as m29 from '../migrations/0031_resent_mails.ts'
import * as m30 from '../migrations/0032_trigrams.ts'

export const migrations = {
  '0001_people': m0,
  '0002_work': m1,
  '0003_mail': m2,
  '0004_outbox': m3,
  '0005_audit': m4,
  '0006_identity': m5,
  '0007_invites': m6,
  '0008_audit_retention': m7,
  '0009_notifications': m8,
  '0010_reminders_complete': m9,
  '0011_audit_places': m10,
  '0012_search_words': m11,
  '0013_one_history': m12,
  '0014_key_checks': m13,
  '0015_suppressions': m14,
  '0016_search_text': m15,
  '0017_optional_due_date': m16,
  '0018_chats': m17,
  '0019_notification_changes': m18,
  '0020_chat_notices': m19,
  '0021_groups': m20,
  '0022_chat_search': m21,
  '0023_changed_at': m22,
  '0024_installation': m23,
  '0025_causes': m24,
  '0026_restore': m25,
  '0027_chat_sizes': m26,
  '0029_email_attempts': m27,
  '0030_operations': m28,
  '0031_resent_mails': m29,
  '0032_trigrams': m30,
}
