export type { ChatHandle, ChatSnapshot } from './chat/chat.ts'
export type { ChatList, ChatListStore } from './chat/chats.ts'
export type { OutgoingMessage, SentMessage } from './chat/outbox.ts'
export type { MessageContent, OutboxItem, OutboxStorage } from './chat/outbox-storage.ts'
export { createHttpMuster, type HttpMuster, withAdmin } from './create-http-muster.ts'
export {
  createMuster,
  type Muster,
  type MusterOptions,
  type RealtimeMuster,
  type RealtimeOptions,
  withRealtime,
} from './create-muster.ts'
export { createUserMuster, type HttpMusterOptions, type UserMuster } from './create-user-muster.ts'
export type * from './generated/methods.gen.ts'
export type * from './generated/schemas.gen.ts'
export type {
  CallOptions,
  FileInput,
  FilesInput,
  Page,
  Pages,
  PendingUpload,
  ReadOptions,
  UploadOptions,
  UploadProgress,
  WaitOptions,
} from './http/call-types.ts'
export { type CookieJar, createCookieJar, type StoredCookie } from './http/cookie-jar.ts'
export { type ClientErrorCode, type FieldError, MusterError, type MusterErrorCode } from './http/error.ts'
export type { Inbox, InboxSnapshot } from './notifications/inbox.ts'
export type { Presence, PresenceStore } from './presence/presence.ts'
export type { ConnectionState } from './realtime/connection.ts'
export type { Realtime, RealtimeEvents } from './realtime/realtime.ts'
export type { MusterSession, SessionSnapshot, SignOutOptions } from './session/session.ts'
export type { Store } from './store.ts'
