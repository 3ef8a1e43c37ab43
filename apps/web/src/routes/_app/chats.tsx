import { createFileRoute, Outlet, useParams } from '@tanstack/react-router'
import { ChatsLayout } from '../../features/chats/chats-layout.tsx'
import { type ChatsSearch, chatsSearch } from '../../features/chats/search.ts'
import { readByPage, usePageSearch } from '../../lib/page-search.ts'
import { useUser } from '../../lib/session.ts'

export const Route = createFileRoute('/_app/chats')({
  validateSearch: readByPage<ChatsSearch>,
  component: Chats,
})

function Chats() {
  const navigate = Route.useNavigate()
  const { chatId } = useParams({ strict: false })
  return (
    <ChatsLayout
      search={usePageSearch(chatsSearch, Route.useSearch())}
      user={useUser()}
      chatId={chatId}
      onSearch={(next) => void navigate({ to: '.', search: next, replace: true, resetScroll: false })}
    >
      <Outlet />
    </ChatsLayout>
  )
}
