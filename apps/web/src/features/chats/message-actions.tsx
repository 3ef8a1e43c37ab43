import { Copy, Ellipsis, Flag, Pencil, Reply, Trash2 } from 'lucide-react'
import { errorSentence } from '../../lib/errors.ts'
import { m } from '../../paraglide/messages.js'
import { IconButton } from '../../ui/button.tsx'
import { cx } from '../../ui/cx.ts'
import { Menu, type MenuItem } from '../../ui/menu.tsx'
import { toast } from '../../ui/toast.tsx'
import { isEditable } from './editable.ts'
import type { MessageRowProps } from './message-row.tsx'
import { ReactionPicker } from './reactions.tsx'

async function copy(text: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text)
    toast({ kind: 'success', title: m.chats_copied() })
  } catch (error) {
    toast({ kind: 'error', title: errorSentence(error) })
  }
}

/** The buttons beside the message that has the pointer or the focus. */
export function MessageActions(props: MessageRowProps & { isOwn: boolean }) {
  const { message, me, isOwn, isWritable, isAdmin, isGroup, actions } = props
  const items: MenuItem[] = []
  if (message.body !== null) {
    const { body } = message
    items.push({ label: m.chats_copy(), icon: <Copy aria-hidden="true" />, onSelect: () => void copy(body) })
  }
  if (isWritable && isEditable(message, me))
    items.push({ label: m.chats_edit(), icon: <Pencil aria-hidden="true" />, onSelect: () => actions.edit(message) })
  if (!isOwn)
    items.push({ label: m.chats_report(), icon: <Flag aria-hidden="true" />, onSelect: () => actions.report(message) })
  if (isOwn || (isGroup && isAdmin))
    items.push({
      label: m.chats_delete(),
      icon: <Trash2 aria-hidden="true" />,
      isDanger: true,
      onSelect: () => actions.remove(message),
    })
  return (
    <div
      className={cx(
        // Beside the message, and below it where there is no room beside it.
        'flex w-fit rounded-md border border-line bg-surface shadow-sm md:absolute md:top-0',
        isOwn ? 'md:end-full md:me-1.5' : 'md:start-full md:ms-1.5',
      )}
    >
      {isWritable && (
        <>
          <ReactionPicker onPick={(emoji) => actions.react(message, emoji)} onOpenChange={actions.hold} />
          <IconButton
            size="sm"
            label={m.chats_reply()}
            icon={<Reply aria-hidden="true" className="rtl:-scale-x-100" />}
            onClick={() => actions.reply(message)}
          />
        </>
      )}
      <Menu
        items={items}
        trigger={<IconButton size="sm" label={m.chats_more()} icon={<Ellipsis aria-hidden="true" />} />}
      />
    </div>
  )
}
