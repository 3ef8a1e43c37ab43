import { File as FileIcon, X } from 'lucide-react'
import { isolated } from '../../lib/isolated.ts'
import { m } from '../../paraglide/messages.js'
import { IconButton } from '../../ui/button.tsx'
import { useObjectUrl } from './outgoing-row.tsx'

/** A file that is chosen for a message and not sent yet. */
export function ChosenFile({ file, onRemove }: { file: File; onRemove: () => void }) {
  const url = useObjectUrl(file.type.startsWith('image/') ? file : undefined)
  return (
    <li className="relative flex h-16 max-w-48 shrink-0 items-center gap-2 rounded-md border border-line bg-canvas p-1 pe-9">
      {url ? (
        <img src={url} alt="" className="size-14 rounded-sm object-cover" />
      ) : (
        <FileIcon aria-hidden="true" className="ms-2 size-5 shrink-0 text-ink-3" />
      )}
      <bdi className="line-clamp-2 min-w-0 text-sm break-all">{file.name}</bdi>
      <span className="absolute end-0.5 top-0.5">
        <IconButton
          size="sm"
          label={m.chats_remove_file({ name: isolated(file.name) })}
          hasTooltip={false}
          icon={<X aria-hidden="true" />}
          onClick={onRemove}
        />
      </span>
    </li>
  )
}
