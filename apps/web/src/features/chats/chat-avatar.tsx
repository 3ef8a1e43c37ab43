import type { Chat } from '@muster/client'
import { Avatar, type AvatarProps } from '../../ui/avatar.tsx'
import { chatName, chatPicture } from './names.ts'

type Props = { chat: Chat; me: string } & Pick<AvatarProps, 'size' | 'presence'>

/** The picture of a chat: that of the group, or of the other user. */
export const ChatAvatar = ({ chat, me, ...props }: Props) => (
  <Avatar name={chatName(chat, me)} url={chatPicture(chat, me)} {...props} />
)
