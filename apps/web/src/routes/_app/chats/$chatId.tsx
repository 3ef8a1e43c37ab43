import { createFileRoute, useLocation } from '@tanstack/react-router'
import { ChatPage } from '../../../features/chats/chat-page.tsx'
import { type ChatSearch, chatSearch } from '../../../features/chats/search.ts'
import { useUser } from '../../../lib/session.ts'

export const Route = createFileRoute('/_app/chats/$chatId')({
  validateSearch: (search): ChatSearch => chatSearch.parse(search),
  component: ChatRoute,
})

function ChatRoute() {
  const { chatId } = Route.useParams()
  const { seq } = Route.useSearch()
  // The same link, followed again, shows its message again.
  const visit = useLocation({ select: ({ state }) => state.__TSR_key ?? '' })
  return (
    <ChatPage key={chatId} chatId={chatId} user={useUser()} target={seq === undefined ? undefined : { seq, visit }} />
  )
}
