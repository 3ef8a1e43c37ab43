import type { Chat, User } from '@muster/client'
import { useSearch } from '@tanstack/react-router'
import { Search } from 'lucide-react'
import { useState } from 'react'
import { m } from '../../paraglide/messages.js'
import { Dialog } from '../../ui/dialog.tsx'
import { Field, TextInput } from '../../ui/field.tsx'
import { FoundMessages } from './found-messages.tsx'

/** Searches the messages of one chat. */
export default function SearchDialog({ chat, user, onClose }: { chat: Chat; user: User; onClose: () => void }) {
  const [text, setText] = useState('')
  const { q, archived } = useSearch({ strict: false })
  const words = text.trim()
  return (
    <Dialog open onOpenChange={(isOpen) => !isOpen && onClose()} title={m.chats_search_in()}>
      <Field label={m.chats_search_words()} isLabelHidden>
        <TextInput
          type="search"
          icon={<Search />}
          placeholder={m.chats_search_words()}
          maxLength={200}
          value={text}
          onChange={({ target }) => setText(target.value)}
        />
      </Field>
      <div className="-mx-2 mt-3 min-h-64">
        {words !== '' && (
          <FoundMessages
            q={words}
            items={[chat]}
            {...{ user }}
            search={{ q, archived }}
            chatId={chat.id}
            isAloneInPage
            onOpen={onClose}
          />
        )}
      </div>
    </Dialog>
  )
}
