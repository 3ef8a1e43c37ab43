import { useAuthConfig } from '../sign-in/auth-config.ts'

/** Returns what the API accepts: of files of tasks and chats, or of pictures of persons and groups. Undefined until it is known. */
export const useUploadLimits = (kind: 'attachments' | 'avatar') => useAuthConfig().data?.uploads[kind]
