import type { Chat, User } from '@muster/client'
import { ImageUp, Trash2 } from 'lucide-react'
import { lazy, Suspense, useEffect, useRef, useState } from 'react'
import { errorSentence } from '../../lib/errors.ts'
import { muster } from '../../lib/muster.ts'
import { m } from '../../paraglide/messages.js'
import { IconButton } from '../../ui/button.tsx'
import { FileInput } from '../../ui/file-input.tsx'
import { toast } from '../../ui/toast.tsx'
import { useUploadLimits } from '../attachments/upload-limits.ts'
import { ChatAvatar } from './chat-avatar.tsx'

const AvatarCropDialog = lazy(() => import('../profile/avatar-crop-dialog.tsx'))

/** The picture of a group; its admins choose, crop and remove it. */
export function GroupPicture({ chat, user }: { chat: Chat; user: User }) {
  const input = useRef<HTMLInputElement>(null)
  const limits = useUploadLimits('avatar')
  const [image, setImage] = useState<ImageBitmap | null>(null)
  const [isRemoving, setIsRemoving] = useState(false)
  useEffect(() => () => image?.close(), [image])

  async function choose(file: File | undefined): Promise<void> {
    if (!file) return
    try {
      setImage(await createImageBitmap(file))
    } catch {
      toast({ kind: 'error', title: m.chats_picture_unreadable() })
    }
  }
  async function remove(): Promise<void> {
    setIsRemoving(true)
    await muster.chats.deleteAvatar(chat.id).catch((error) => toast({ kind: 'error', title: errorSentence(error) }))
    setIsRemoving(false)
  }
  return (
    <div className="flex items-center gap-1">
      <ChatAvatar chat={chat} me={user.id} size="lg" />
      <FileInput ref={input} accept={limits?.contentTypes.join()} onFiles={([file]) => void choose(file)} />
      <IconButton
        label={m.chats_picture_choose()}
        icon={<ImageUp aria-hidden="true" />}
        onClick={() => input.current?.click()}
      />
      {chat.avatarUrl !== null && (
        <IconButton
          label={m.chats_picture_remove()}
          icon={<Trash2 aria-hidden="true" />}
          isDisabled={isRemoving}
          onClick={() => void remove()}
        />
      )}
      {image && (
        <Suspense>
          <AvatarCropDialog
            image={image}
            upload={(file) => muster.chats.uploadAvatar(chat.id, file)}
            onClose={() => setImage(null)}
            onUploaded={() => {
              setImage(null)
              toast({ title: m.chats_picture_soon() })
            }}
          />
        </Suspense>
      )}
    </div>
  )
}
