import { X } from 'lucide-react'
import type { ReactNode } from 'react'
import { IconButton } from '../../ui/button.tsx'

type Props = { icon: ReactNode; title: string; text: string; cancelLabel: string; onCancel: () => void }

/** The message that a text replies to or edits. */
export const ComposerContext = ({ icon, title, text, cancelLabel, onCancel }: Props) => (
  <div className="flex items-center gap-3 rounded-md border-s-3 border-accent bg-raised/70 py-1 ps-3">
    <span aria-hidden="true" className="text-accent [&_svg]:size-4">
      {icon}
    </span>
    <div className="min-w-0 flex-1 text-[0.9375rem]">
      <p className="truncate text-sm font-medium text-accent">{title}</p>
      <p dir="auto" className="truncate text-start text-ink-2">
        {text}
      </p>
    </div>
    <IconButton size="sm" label={cancelLabel} icon={<X aria-hidden="true" />} onClick={onCancel} />
  </div>
)
