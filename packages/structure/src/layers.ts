/**
 * The modules of the API in layers, low to high. A module imports only from rows above its own, and the modules of one row
 * do not import each other. A function of a later row that an earlier one needs is passed in by app.ts.
 */
export const layers: readonly Readonly<Record<string, string>>[] = [
  {
    accounts: 'user row, password hash, deletion mark, profile and public users, presence',
    'task-access': 'which tasks an actor may read and change',
  },
  { 'security-events': 'an audit row and an alert to the owner' },
  {
    sessions: 'open, refresh, revoke; devices; the session plugin',
    lockout: 'failed attempts and locked accounts',
  },
  {
    organizations: 'row, policy, personal organizations, creating a user',
    activation: 'deactivating and reactivating accounts',
    'one-time-codes': 'challenge rows, mailed codes, tries',
  },
  { reauthentication: 'password or mailed code before a sensitive action' },
  { 'two-factor': 'factors, codes, recovery codes' },
  { 'sign-in': 'password, Google, challenge to session' },
  {
    attachments: 'files of a task',
    reminders: 'reminders of a task',
    friends: 'requests, friendships, blocks',
    registration: 'a new account by e-mail',
    passwords: 'changing and resetting a password',
    profile: 'avatar, preferences, unsubscribing',
  },
  {
    tasks: 'tasks and their lists',
    chats: 'conversations and messages',
  },
  {
    members: 'membership, the last admin; leaving transfers tasks',
    notifications: 'the inbox of a user',
    analytics: 'counts of a user’s tasks',
  },
  { invites: 'inviting by mail and accepting' },
  {
    'data-rights': 'export and deletion of an account',
    admin: 'users, queues and mails for operators',
    audit: 'reading, exporting and verifying the audit log',
  },
]

/** Returns the row of a module, counted from 1; undefined for a module that the list does not contain. */
export function rowOf(module: string): number | undefined {
  const index = layers.findIndex((row) => module in row)
  return index < 0 ? undefined : index + 1
}

/** Formats the list for the output of `npm run check`. */
export function printedLayers(): string {
  return layers.map((row, index) => `  ${String(index + 1).padStart(2)}  ${Object.keys(row).join(' · ')}`).join('\n')
}
