import type { User } from '@muster/client'
import {
  Activity,
  Building,
  Building2,
  CalendarDays,
  ChartColumn,
  Inbox,
  ListChecks,
  type LucideIcon,
  MailPlus,
  MailSearch,
  MessagesSquare,
  ScrollText,
  Sun,
  UserSearch,
  Users,
  Waypoints,
} from 'lucide-react'
import { m } from '../../paraglide/messages.js'
import { may, type OpsPermission } from '../admin/rights.ts'

export type NavigationEntry = {
  href: string
  label: () => string
  Icon: LucideIcon
  /** Which number stands beside it. */
  counts?: 'notifications' | 'chats'
  /** Stands in the bar at the lower edge of small screens; the others are under More. */
  isInBar?: boolean
  /** Whether pages below its address are other entries. */
  isExact?: boolean
}

/** The pages of the app, in the order in which they are shown. */
export const pages: readonly NavigationEntry[] = [
  { href: '/', label: m.shell_today, Icon: Sun, isInBar: true, isExact: true },
  { href: '/tasks', label: m.shell_tasks, Icon: ListChecks, isInBar: true },
  { href: '/calendar', label: m.shell_calendar, Icon: CalendarDays },
  { href: '/inbox', label: m.shell_inbox, Icon: Inbox, counts: 'notifications', isInBar: true },
  { href: '/chats', label: m.shell_chats, Icon: MessagesSquare, counts: 'chats', isInBar: true },
  { href: '/analytics', label: m.shell_analytics, Icon: ChartColumn },
  { href: '/people', label: m.shell_people, Icon: Users },
  { href: '/organization', label: m.shell_organization, Icon: Building2 },
]

type OpsEntry = NavigationEntry & { needs: OpsPermission }

/** The pages for operators, each with what its readers may do. */
const opsPages: readonly OpsEntry[] = [
  { href: '/ops', label: m.ops_shell_status, Icon: Activity, needs: 'diagnostics.read', isExact: true },
  { href: '/ops/people', label: m.ops_shell_people, Icon: UserSearch, needs: 'user.read' },
  { href: '/ops/organizations', label: m.ops_shell_organizations, Icon: Building, needs: 'organization.list' },
  { href: '/ops/invites', label: m.ops_shell_invites, Icon: MailPlus, needs: 'user.read' },
  { href: '/ops/mails', label: m.ops_mails_title, Icon: MailSearch, needs: 'email.read' },
  { href: '/ops/audit', label: m.ops_audit_title, Icon: ScrollText, needs: 'audit.read' },
  { href: '/ops/trace', label: m.ops_trace_title, Icon: Waypoints, needs: 'audit.read' },
]

/** Returns the pages for operators that a role may open; none for most. */
export const opsPagesFor = (role: User['role']): readonly NavigationEntry[] =>
  opsPages.filter(({ needs }) => may(role, needs))
