/** Where the rows of a table lie when Postgres is spread over several nodes. */
export type Placement =
  /** In the shard of the value of this column. Tables of one `group` with the same value lie on the same node. */
  | { by: string; group: 'organization' | 'user' | 'chat' | 'itself'; why: string }
  /** A copy on each node; a write reaches all of them. */
  | { reference: true; why: string }
  /** On the coordinator alone. */
  | { local: true; why: string }

const ofOrganization = (why: string): Placement => ({ by: 'organization_id', group: 'organization', why })
const ofUser = (why: string, by = 'user_id'): Placement => ({ by, group: 'user', why })
const ofChat = (why: string, by = 'chat_id'): Placement => ({ by, group: 'chat', why })
const ofItself = (why: string): Placement => ({ by: 'id', group: 'itself', why })
const reference = (why: string): Placement => ({ reference: true, why })
const local = (why: string): Placement => ({ local: true, why })

/** Where each table belongs. A test demands an entry for every table. */
export const placements: Readonly<Record<string, Placement>> = {
  organizations: reference('small, and named by tasks, chats and users'),
  users: reference('read beside almost everything: names, visibility, whether somebody is active'),
  user_preferences: reference('read beside the names of other users; written when somebody changes a setting'),
  invites: reference('few; read by their id, by address and by organization'),
  restore_epoch: reference('one row'),
  installation: reference('one row'),
  key_checks: reference('a few rows'),
  queue_pauses: reference('one row for each paused queue'),
  email_suppressions: reference('few rows, read before each mail'),

  tasks: ofOrganization('all lists are of one organization, or of a user in it'),
  attachments: ofOrganization('with their tasks; quotas are counted by organization'),

  sessions: ofItself('read by their id with every refresh of a token'),
  password_resets: ofItself('read by the id in their link'),
  two_factor_challenges: ofItself('read by their id with every attempt'),

  known_devices: ofUser('read with their user'),
  totp_secrets: ofUser('read with their user'),
  recovery_codes: ofUser('read with their user'),
  notifications: ofUser('numbered and listed by user'),
  notification_changes: ofUser('numbered and listed by user'),
  notification_counters: ofUser('one row for each user'),
  unread_mails: ofUser('one row for each user'),
  digest_deliveries: ofUser('one for each user and day'),
  due_notices: ofUser('one for each user and task'),
  reminders: ofUser('listed by user'),
  reminder_deliveries: ofUser('written with their reminder'),
  idempotency_keys: ofUser('unique for a user', 'actor_id'),

  chats: ofChat('the counters of a chat are raised under its lock', 'id'),
  chat_members: ofChat('checked with every message'),
  messages: ofChat('numbered and listed by chat'),
  message_reactions: local('has no chat_id'),
  message_reports: ofChat('with their message'),

  friendships: local('belongs to two users, who may lie on two nodes'),
  blocks: local('belongs to two users, who may lie on two nodes'),
  email_messages: local('its user is unknown for mails to addresses'),
  email_attempts: local('with their mail'),
  sign_in_failures: local('its key is a digest of an address or a device'),
  minute_samples: local('some rows a minute, of the installation as a whole'),
  outbox: local('committed with rows of any shard, and drained in the order of its ids'),
  audit_pending: local('drained into the one chain'),
  audit_events: local('the one chain'),
  audit_personal: local('beside the chain'),
  audit_checkpoints: local('beside the chain'),
  audit_chain_head: local('the one lock of the chain'),
}

const placementOf = (table: string | undefined) => (table === undefined ? undefined : placements[table])

/** Returns the distribution column of a table; undefined for one that is not distributed. */
export function distributionColumn(table: string | undefined): string | undefined {
  const placement = placementOf(table)
  return placement && 'by' in placement ? placement.by : undefined
}

/** Returns the group of a distributed table, within which equal values lie together. */
export function groupOf(table: string | undefined): string {
  const placement = placementOf(table)
  return placement && 'group' in placement ? placement.group : ''
}

/** Tells whether a table is on the coordinator alone. */
export const isLocal = (table: string): boolean => 'local' in (placementOf(table) ?? {})
