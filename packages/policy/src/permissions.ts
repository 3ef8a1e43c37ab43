/**
 * The objects to which a role may apply a permission: all of them; those of its organization and its own; its own; none.
 */
export type Scope = 'all' | 'organization' | 'own' | 'none'

/** The scopes in the order of `roles`, and the description that docs/permissions.md shows. */
type Row = readonly [Scope, Scope, Scope, Scope, Scope, string]

const all = 'all'
const ours = 'organization'
const own = 'own'
const none = 'none'

/**
 * The permissions of each role. Routes, services and queries read this table, and permissions-page/write-page.ts renders
 * it into docs/permissions.md. A user's own account and its parts need no permission, so they are not in it.
 */
// biome-ignore format: a table is read by its columns
export const permissions = {
  //                    super_admin site_admin operator client_admin client_user
  'task.read':           [own,      own,       own,     ours,        own,  'Read and change tasks and their files. Own: created by the user, or assigned to them'],
  'task.delete':         [own,      own,       own,     ours,        own,  'Delete tasks, and the files of others in them. Own: created by the user'],
  'organization.read':   [none,     none,      none,    ours,        ours, 'Read the organization and its list of members'],
  'organization.change': [none,     none,      none,    ours,        none, 'Rename the organization, require a second factor'],
  'member.change':       [none,     none,      none,    ours,        none, 'Make members client_admin or client_user, deactivate and reactivate them'],
  'member.remove':       [none,     none,      none,    ours,        own,  'Remove members from the organization. Own: leave it'],
  'invite.create':       [all,      all,       all,     ours,        none, 'Invite people, see below into which roles'],
  'invite.read':         [all,      all,       all,     own,         none, 'Read invitations. Own: sent by the user'],
  'invite.change':       [all,      all,       own,     own,         none, 'Resend and revoke invitations into roles that the user may invite into. Own: sent by the user'],
  'organization.list':   [all,      all,       all,     none,        none, 'List and read all organizations, with their members, storage and open invitations'],
  'user.read':           [all,      all,       all,     none,        none, 'List and read users with their e-mail, role and state'],
  'user.change':         [all,      all,       none,    none,        none, 'Change the role of users, deactivate and reactivate them, end their sessions, mail them a link for a new password, invalidate their cached profile'],
  'audit.read':          [all,      all,       all,     none,        none, 'Read, export and verify the audit log'],
  'queue.read':          [all,      all,       all,     none,        none, 'Read queues and failed jobs'],
  'queue.change':        [all,      all,       none,    none,        none, 'Retry and discard failed jobs, pause and resume queues'],
  'email.read':          [all,      all,       all,     none,        none, 'Read the mails and their state'],
  'email.resend':        [all,      all,       none,    none,        none, 'Send a mail again that holds no code or token'],
  'email.unsuppress':    [all,      all,       none,    none,        none, 'Remove the suppression of an address, so that it gets mail again'],
  'report.read':         [all,      all,       all,     ours,        none, 'Read the messages of chats that users reported. Organization: those of its groups'],
  'diagnostics.read':    [all,      all,       all,     none,        none, 'Read the state of the installation, have it examined, see how the address of the caller was resolved'],
} as const satisfies Record<string, Row>

export type Permission = keyof typeof permissions
