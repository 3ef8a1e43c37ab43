export { createMuster, type Muster, type MusterOptions } from './create-muster.ts'
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
export type { MusterSession, SessionSnapshot } from './session/session.ts'
export type { Store } from './store.ts'
