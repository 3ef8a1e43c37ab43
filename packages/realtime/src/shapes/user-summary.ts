import { z } from 'zod'
import { fileUrl } from './file-url.ts'

/** A user as a name beside an id: what everyone who may know the id may know. */
export const userSummary = z
  .object({
    id: z.uuid().describe('The id of the user.'),
    username: z.string().meta({ description: 'The name that identifies the user, in lower case.', examples: ['ann'] }),
    name: z.string().meta({ description: 'The name that others read.', examples: ['Ann Example'] }),
    avatarUrl: fileUrl.nullable().meta({
      description: 'The address of the avatar; null without one. It changes with the picture.',
      examples: ['https://api.example.com/api/v1/users/01980f3a-0000-7000-8000-000000000001/avatar?v=1'],
    }),
  })
  .meta({ id: 'UserSummary', description: 'The name of a user beside an id.' })
export type UserSummary = z.infer<typeof userSummary>
