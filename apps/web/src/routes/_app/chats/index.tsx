import { createFileRoute } from '@tanstack/react-router'
import { NoChatChosen } from '../../../features/chats/chats-layout.tsx'

export const Route = createFileRoute('/_app/chats/')({ component: NoChatChosen })
