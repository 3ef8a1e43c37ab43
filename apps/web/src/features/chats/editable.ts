import type { Message } from '@muster/client'

/** For so long after it was sent a message can be edited. */
const editableMs = 24 * 3_600_000

/** Tells whether the user can edit the text of a message. */
export const isEditable = ({ sender, deletedAt, createdAt }: Message, me: string): boolean =>
  sender.id === me && deletedAt === null && Date.now() - Date.parse(createdAt) < editableMs
