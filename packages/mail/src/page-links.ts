import type { TemplateName } from './templates.ts'

/** A page of the front end, below its address, with `:name` for values of the mail. */
export type PageLink =
  | '/'
  | '/login'
  | '/forgot-password'
  | '/reset-password?token=:token'
  | '/accept-invite?token=:token'
  | '/tasks'
  | '/tasks/:taskId'
  | '/chats'
  | '/chats/:chatId'
  | '/organization'
  | '/account/security'
  | '/account/sessions'

/**
 * The pages to which each mail can link: all links to the front end that there are. A test of the email worker compares them with the
 * templates; links to the API itself, such as `optOutUrl`, are not among them.
 */
export const pageLinks: Readonly<Record<TemplateName, readonly PageLink[]>> = {
  'register-code': [],
  'already-registered': ['/login'],
  welcome: ['/'],
  'login-code': ['/forgot-password'],
  'password-reset': ['/reset-password?token=:token'],
  'password-changed': ['/forgot-password'],
  'two-factor-changed': ['/account/security', '/forgot-password'],
  'new-device': ['/account/sessions', '/forgot-password'],
  'session-compromised': ['/account/sessions', '/forgot-password'],
  'account-locked': ['/forgot-password'],
  'account-deleted': ['/forgot-password', '/login'],
  invite: ['/accept-invite?token=:token'],
  'invite-accepted': ['/organization'],
  'task-completed': ['/tasks/:taskId'],
  'task-assignment': ['/tasks/:taskId'],
  reminder: ['/tasks/:taskId'],
  'morning-digest': ['/tasks', '/tasks/:taskId'],
  'unread-messages': ['/chats', '/chats/:chatId'],
}
