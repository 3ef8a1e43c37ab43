import type { User } from '@muster/client'
import { Trash2, Upload } from 'lucide-react'
import { useEffect, useRef, useState } from 'react'
import { errorSentence } from '../../lib/errors.ts'
import { muster } from '../../lib/muster.ts'
import { m } from '../../paraglide/messages.js'
import { Avatar } from '../../ui/avatar.tsx'
import { Button } from '../../ui/button.tsx'
import { Card } from '../../ui/card.tsx'
import { FileInput } from '../../ui/file-input.tsx'
import { toast } from '../../ui/toast.tsx'
import { useUploadLimits } from '../attachments/upload-limits.ts'
import AvatarCropDialog from './avatar-crop-dialog.tsx'

/** The worker makes the picture in moments; how often and how long the page asks for it. */
const askEveryMs = 1_500
const askTimes = 20

/** Reads the profile again until a new picture is there. @returns a function that ends this */
function awaitAvatar(before: string | null, onEnd: (isThere: boolean) => void): () => void {
  let timer: ReturnType<typeof setTimeout>
  let isOver = false
  const ask = (timesLeft: number) => {
    timer = setTimeout(async () => {
      const me = await muster.users.me().catch(() => undefined)
      if (isOver) return
      if (me && me.avatarUrl !== before) onEnd(true)
      else if (timesLeft > 1) ask(timesLeft - 1)
      else onEnd(false)
    }, askEveryMs)
  }
  ask(askTimes)
  return () => {
    isOver = true
    clearTimeout(timer)
  }
}

/** Shows the own picture, and lets somebody choose, crop and remove it. */
export function AvatarCard({ user }: { user: User }) {
  const input = useRef<HTMLInputElement>(null)
  const limits = useUploadLimits('avatar')
  const [image, setImage] = useState<ImageBitmap | null>(null)
  const [isRemoving, setIsRemoving] = useState(false)
  const [waitsSince, setWaitsSince] = useState<{ avatarUrl: string | null } | null>(null)
  useEffect(() => {
    if (!waitsSince) return
    return awaitAvatar(waitsSince.avatarUrl, (isThere) => {
      setWaitsSince(null)
      // When the image could not be used, a notification says why.
      toast(
        isThere
          ? { kind: 'success', title: m.profile_avatar_changed() }
          : { kind: 'info', title: m.profile_avatar_not_yet() },
      )
    })
  }, [waitsSince])

  async function choose(file: File | undefined) {
    if (!file) return
    try {
      setImage(await createImageBitmap(file))
    } catch {
      toast({ kind: 'error', title: m.profile_avatar_unreadable() })
    }
  }
  async function remove() {
    setIsRemoving(true)
    try {
      await muster.users.deleteAvatar()
    } catch (error) {
      toast({ kind: 'error', title: errorSentence(error) })
    }
    setIsRemoving(false)
  }
  function close() {
    image?.close()
    setImage(null)
  }
  return (
    <Card title={m.profile_avatar()} description={m.profile_avatar_text()}>
      <div className="flex flex-wrap items-center gap-5">
        <Avatar name={user.name} url={user.avatarUrl} size="xl" />
        <div className="flex flex-wrap gap-2.5">
          <FileInput ref={input} accept={limits?.contentTypes.join()} onFiles={([file]) => void choose(file)} />
          <Button
            icon={<Upload aria-hidden="true" />}
            isPending={waitsSince !== null}
            onClick={() => input.current?.click()}
          >
            {m.profile_avatar_choose()}
          </Button>
          {user.avatarUrl !== null && (
            <Button variant="ghost" icon={<Trash2 aria-hidden="true" />} isPending={isRemoving} onClick={remove}>
              {m.profile_avatar_remove()}
            </Button>
          )}
        </div>
      </div>
      {image && (
        <AvatarCropDialog
          image={image}
          upload={(picture) => muster.users.uploadAvatar(picture)}
          onClose={close}
          onUploaded={() => {
            setWaitsSince({ avatarUrl: user.avatarUrl })
            close()
          }}
        />
      )}
    </Card>
  )
}
