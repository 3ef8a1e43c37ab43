import { Download } from 'lucide-react'
import { type CSSProperties, type ReactNode, useState } from 'react'
import { isolated } from '../../lib/isolated.ts'
import { m } from '../../paraglide/messages.js'
import { ExternalButtonLink } from '../../ui/button.tsx'
import { Dialog } from '../../ui/dialog.tsx'
import { shortName } from './short-name.ts'

type Props = {
  filename: string
  url: string
  className?: string
  style?: CSSProperties
  /** The small picture. */
  children: ReactNode
}

/** A small picture that opens the large one. */
export function PictureButton({ filename, url, className, style, children }: Props) {
  const [isOpen, setIsOpen] = useState(false)
  const name = isolated(filename)
  return (
    <>
      <button
        type="button"
        aria-label={m.attachments_open_picture({ name })}
        onClick={() => setIsOpen(true)}
        {...{ className, style }}
      >
        {children}
      </button>
      <Dialog
        open={isOpen}
        onOpenChange={setIsOpen}
        size="xl"
        title={<bdi className="line-clamp-2 break-all">{filename}</bdi>}
        footer={
          <ExternalButtonLink href={url} download={filename} icon={<Download aria-hidden="true" />}>
            {m.attachments_download({ name: shortName(filename) })}
          </ExternalButtonLink>
        }
      >
        <img
          src={url}
          alt={m.attachments_picture({ name })}
          className="mx-auto max-h-[70dvh] max-w-full rounded-md object-contain"
        />
      </Dialog>
    </>
  )
}
