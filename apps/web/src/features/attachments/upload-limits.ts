import { useQuery } from '@tanstack/react-query'
import { authConfigQuery } from '../sign-in/auth-config.ts'

/** Returns what the API accepts: of files of tasks and chats, or of pictures of persons and groups. Undefined until it is known. */
export const useUploadLimits = (kind: 'attachments' | 'avatar') => useQuery(authConfigQuery).data?.uploads[kind]
