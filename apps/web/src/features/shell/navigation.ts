import {
  Building2,
  CalendarDays,
  ChartColumn,
  Inbox,
  ListChecks,
  type LucideIcon,
  MessagesSquare,
  Sun,
  Users,
} from 'lucide-react'
import { m } from '../../paraglide/messages.js'

export type NavigationEntry = {
  href: string
  label: () => string
  Icon: LucideIcon
  /** Which number stands beside it. */
  counts?: 'notifications' | 'chats'
  /** Stands in the bar at the lower edge of small screens; the others are under More. */
  isInBar?: boolean
}

/** The pages of the app, in the order in which they are shown. */
export const pages: readonly NavigationEntry[] = [
  { href: '/', label: m.shell_today, Icon: Sun, isInBar: true },
  { href: '/tasks', label: m.shell_tasks, Icon: ListChecks, isInBar: true },
  { href: '/calendar', label: m.shell_calendar, Icon: CalendarDays },
  { href: '/inbox', label: m.shell_inbox, Icon: Inbox, counts: 'notifications', isInBar: true },
  { href: '/chats', label: m.shell_chats, Icon: MessagesSquare, counts: 'chats', isInBar: true },
  { href: '/analytics', label: m.shell_analytics, Icon: ChartColumn },
  { href: '/people', label: m.shell_people, Icon: Users },
  { href: '/organization', label: m.shell_organization, Icon: Building2 },
]
