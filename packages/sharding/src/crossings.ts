/** Statements that need more than one shard, by what would have to change. */
export type Crossing = {
  why: string
  /** The change that makes them cheap when Postgres is spread over nodes. */
  mend: string
  /** By file: the tables that they name, each list as the failing test prints it; `*` for all statements of a file. */
  statements: Readonly<Record<string, readonly string[]>>
}

const modules = 'apps/api/src/modules'

/** Every statement that tests execute and that is not listed here names its shard; a test that executes another one fails. */
export const crossings: readonly Crossing[] = [
  {
    why: 'Tasks are found by their id, their owner or their assignee: an owner sees their tasks in whichever organization these lie.',
    mend: 'The organization of the actor in the visibility rule, once no task lies outside of its owner’s organization and platform users have one; until then each of these asks all shards. `POST /tasks` writes the row of the audit log in the same statement, which would become a statement of the same transaction.',
    statements: {
      [`${modules}/analytics/analytics.queries.ts`]: ['reminders tasks'],
      [`${modules}/tasks/tasks.queries.ts`]: ['tasks', 'attachments reminders tasks', 'idempotency_keys tasks'],
      [`${modules}/tasks/tasks.service.ts`]: ['idempotency_keys tasks audit_pending', 'tasks audit_pending'],
      [`${modules}/tasks/tasks-list.queries.ts`]: ['tasks', 'attachments reminders tasks'],
      [`${modules}/tasks/task-categories.queries.ts`]: ['tasks'],
      [`${modules}/tasks/transfer-tasks.queries.ts`]: ['tasks', 'attachments'],
      [`${modules}/task-access/task-access.queries.ts`]: ['tasks'],
      'apps/reminder-worker/src/handlers/notify-due.queries.ts': ['*'],
      'apps/reminder-worker/src/handlers/send-digest.queries.ts': ['*'],
      [`${modules}/task-access/task-access.service.ts`]: ['tasks'],
    },
  },
  {
    why: 'Files of tasks lie with their organization and files of messages with their chat, in one table; reactions do not name their chat.',
    mend: 'A column with the place of a file, the organization or the chat, as distribution column, and `chat_id` in reactions. They are all that keeps messages from one shard, so they come first.',
    statements: {
      [`${modules}/attachments/attachments.queries.ts`]: [
        'attachments',
        'attachments tasks',
        'attachments chat_members chats messages tasks',
      ],
      [`${modules}/attachments/attachments.service.ts`]: ['attachments', 'attachments tasks'],
      'apps/image-worker/src/attachments/attachments.queries.ts': ['*'],
      'apps/image-worker/src/attachments/process-attachment.ts': ['*'],
      [`${modules}/chats/change-feed.queries.ts`]: ['attachments chat_members chats messages message_reactions'],
      [`${modules}/chats/groups/group.queries.ts`]: ['attachments chats'],
      [`${modules}/chats/media/chat-media.queries.ts`]: ['attachments', 'attachments chat_members chats messages'],
      [`${modules}/chats/message-changes.queries.ts`]: ['attachments chat_members chats messages message_reactions'],
      [`${modules}/chats/messages.queries.ts`]: ['attachments chat_members chats messages message_reactions'],
      [`${modules}/chats/send-message.queries.ts`]: [
        'attachments chats messages',
        'attachments chat_members chats messages message_reactions',
      ],
    },
  },
  {
    why: 'The chats of a user lie on many shards.',
    mend: 'A second table of memberships, distributed by user, with what lists and synchronization show of a chat. Until then each list asks all shards.',
    statements: {
      [`${modules}/chats/chats.queries.ts`]: [
        'attachments chat_members chats messages blocks friendships message_reactions',
      ],
      [`${modules}/chats/search-messages.queries.ts`]: ['attachments chat_members chats messages message_reactions'],
      'apps/api/src/realtime/delivery/memberships.queries.ts': ['chat_members chats'],
      'apps/api/src/realtime/sync/sync.queries.ts': ['chat_members chats'],
      'packages/chat-changes/src/end-memberships.queries.ts': ['chat_members chats'],
    },
  },
  {
    why: 'A worker looks for what is due in all organizations, and a mail for all that it is about.',
    mend: 'For what is due a worker for each node, which asks its shards alone. The facts of a mail would be asked one after the other.',
    statements: {
      'apps/email-worker/src/mails/mails.queries.ts': ['*'],
      'apps/reminder-worker/src/handlers/notify-chat.queries.ts': ['*'],
      'apps/reminder-worker/src/handlers/mail-unread-messages.queries.ts': ['*'],
      'apps/reminder-worker/src/chats/unread-messages.ts': ['*'],
      'apps/reminder-worker/src/due/claim-reminders.ts': ['*'],
      'apps/reminder-worker/src/due/due.queries.ts': ['*'],
      'apps/reminder-worker/src/due/notices.queries.ts': ['*'],
    },
  },
  {
    why: 'Friendships and blocks belong to two users, and are asked for beside a chat.',
    mend: 'A row for each of the two users, distributed by user, and a question of its own before that of the chat.',
    statements: {
      [`${modules}/chats/chat-lock.ts`]: ['chat_members blocks friendships'],
      [`${modules}/chats/chats.queries.ts`]: ['chat_members chats blocks friendships'],
      [`${modules}/chats/groups/group-members.queries.ts`]: ['chat_members blocks friendships'],
      [`${modules}/chats/media/chat-media.queries.ts`]: ['chat_members chats blocks friendships'],
      [`${modules}/chats/send-message.queries.ts`]: [
        'chat_members blocks friendships',
        'chat_members messages blocks friendships',
      ],
      'apps/api/src/realtime/reading/reading.queries.ts': ['chat_members blocks'],
      'apps/api/src/realtime/sync/sync.queries.ts': ['chat_members blocks'],
    },
  },
  {
    why: 'A direct chat is found by its two users.',
    mend: 'A table of pairs, distributed by the lower of the two ids; or an id of the chat that is derived from them.',
    statements: {
      [`${modules}/chats/create-chat.queries.ts`]: ['chats'],
      [`${modules}/chats/groups/group.queries.ts`]: ['chats'],
      'packages/chat-changes/src/raise-memberships.ts': ['chats'],
    },
  },
  {
    why: 'Reminders lie with their user, and their task with its organization.',
    mend: 'The organization in reminders, as distribution column.',
    statements: {
      'apps/reminder-worker/src/handlers/fire-reminder.queries.ts': ['*'],
      [`${modules}/reminders/reminders.queries.ts`]: ['reminders', 'reminders tasks'],
      [`${modules}/reminders/task-reminders.queries.ts`]: ['reminders', 'reminders tasks'],
    },
  },
  {
    why: 'Sessions, challenges and links lie by their id; some statements ask for all of a user. The poll of revocations asks for all, four times a second for each API process.',
    mend: 'For the poll a local table of revocations, or a replica. The others are rare: somebody looks at their devices, or signs out everywhere.',
    statements: {
      [`${modules}/sessions/sessions.queries.ts`]: ['sessions'],
      [`${modules}/sessions/sessions.service.ts`]: ['sessions'],
      [`${modules}/one-time-codes/challenges.queries.ts`]: ['two_factor_challenges'],
      [`${modules}/one-time-codes/one-time-codes.service.ts`]: ['two_factor_challenges'],
      [`${modules}/passwords/passwords.queries.ts`]: ['password_resets'],
    },
  },
  {
    why: 'The sweeps of old rows, and the steps that anonymize somebody, look for rows by their age or by the user.',
    mend: 'Nothing: they run at night, in batches, and each shard does its part.',
    statements: {
      'apps/audit-worker/src/anonymise/chats.queries.ts': ['*'],
      'apps/audit-worker/src/anonymise/organizations.queries.ts': ['*'],
      'apps/audit-worker/src/anonymise/users.queries.ts': ['*'],
      'apps/audit-worker/src/retention/sweep-chats.queries.ts': ['*'],
      'apps/audit-worker/src/retention/sweep-table.queries.ts': ['*'],
      'apps/image-worker/src/attachments/abandoned-attachments.queries.ts': ['*'],
      'apps/image-worker/src/attachments/orphans.ts': ['*'],
      'apps/image-worker/src/avatars/avatars.queries.ts': ['chats outbox'],
    },
  },
  {
    why: 'An operator asks what one request caused, in all organizations.',
    mend: 'Nothing: somebody looks a few times a day, and each shard has an index of requests.',
    statements: { [`${modules}/admin/request-trace.queries.ts`]: ['*'] },
  },
  {
    why: 'What is not found is looked for by its id alone, to record denied access.',
    mend: 'Nothing: it happens once for each refused request, and those are limited.',
    statements: {
      [`${modules}/audit/denied-access.plugin.ts`]: [
        'tasks audit_pending',
        'attachments tasks audit_pending',
        'notifications audit_pending',
        'reminders audit_pending',
        'sessions audit_pending',
        'chat_members chats audit_pending',
      ],
    },
  },
  {
    why: 'An export, a report and the operator’s commands read everything of somebody, or of everybody.',
    mend: 'Nothing: they are rare, and each shard answers its part.',
    statements: {
      [`${modules}/chats/reports/message-reports.queries.ts`]: ['*'],
      [`${modules}/data-rights/export.queries.ts`]: [
        'tasks',
        'sessions',
        'password_resets',
        'two_factor_challenges',
        'message_reports',
        'chat_members chats',
        'chat_members chats messages',
        'attachments chat_members chats messages',
      ],
      [`${modules}/admin/user-consequences.queries.ts`]: ['*'],
      [`${modules}/admin/admin-organizations.queries.ts`]: ['*'],
      'packages/doctor/src/checks/addresses.ts': ['*'],
      'packages/doctor/src/checks/storage.ts': ['attachments'],
      'packages/doctor/src/lags.queries.ts': ['*'],
      'packages/keys/src/evidence.ts': ['*'],
      'packages/keys/src/usage.queries.ts': ['*'],
      [`${modules}/two-factor/re-encrypt.ts`]: ['totp_secrets'],
      [`${modules}/two-factor/re-encrypt.queries.ts`]: ['totp_secrets'],
      [`${modules}/two-factor/two-factor.queries.ts`]: ['totp_secrets'],
    },
  },
]

const everyStatement = '*'

const allowed = new Set(
  crossings.flatMap(({ statements }) =>
    Object.entries(statements).flatMap(([file, lists]) => lists.map((tables) => `${file} ${tables}`)),
  ),
)

/** Tells whether the list has a statement of this file about these tables. */
export const isAllowed = (file: string, tables: readonly string[]): boolean =>
  allowed.has(`${file} ${tables.join(' ')}`) || allowed.has(`${file} ${everyStatement}`)
