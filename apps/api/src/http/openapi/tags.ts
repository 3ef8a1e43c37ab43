/** The groups of operations, in the order of the reference page. */
export const tags = {
  auth: 'Registering, signing in and out, second factors, passwords and sessions.',
  users: 'The own profile, preferences and avatar, and other users.',
  friends: 'Friend requests, friends and blocked users.',
  organizations: 'The own organization and its members.',
  invites: 'Invitations by mail: sending, listing, resending, revoking and accepting them.',
  tasks: 'Tasks of the caller and of their organization.',
  attachments: 'Files of tasks.',
  reminders: 'Reminders of tasks. Each user has their own.',
  chats: 'Conversations of two users and of groups, their messages and members.',
  notifications: 'What has happened, for one user.',
  analytics: 'Figures about the tasks and reminders of the caller.',
  administration: 'For platform roles: users, audit log, queues, mails and diagnostics.',
  operation: 'For monitoring.',
} as const satisfies Record<string, string>

export type TagName = keyof typeof tags
