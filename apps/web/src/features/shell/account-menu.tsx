import type { User } from '@muster/client'
import { LogOut, UserRound } from 'lucide-react'
import type { ReactElement } from 'react'
import { m } from '../../paraglide/messages.js'
import { Avatar } from '../../ui/avatar.tsx'
import { Menu, type MenuGroup } from '../../ui/menu.tsx'
import { useAppearanceItems } from './appearance-items.tsx'
import { signOut } from './sign-out.ts'

type Props = {
  user: User
  trigger: ReactElement<Record<string, unknown>>
  /** Pages that have no place of their own in the bar. */
  pages?: readonly MenuGroup[] | undefined
  side?: 'top' | 'bottom' | undefined
}

/** The menu of the account: who is signed in, theme, language, sign out. */
export function AccountMenu({ user, trigger, pages, side = 'top' }: Props) {
  const appearance = useAppearanceItems()
  const account: MenuGroup = {
    items: [
      { label: m.shell_account(), icon: <UserRound aria-hidden="true" />, href: '/account/profile' },
      { label: m.shell_sign_out(), icon: <LogOut aria-hidden="true" />, onSelect: () => void signOut() },
    ],
  }
  return (
    <Menu
      trigger={trigger}
      side={side}
      align="end"
      items={[...(pages ?? []), ...appearance, account]}
      header={
        <div className="flex items-center gap-3">
          <Avatar name={user.name} url={user.avatarUrl} />
          <div className="min-w-0">
            <bdi className="block truncate font-medium">{user.name}</bdi>
            <bdi className="block truncate text-sm text-ink-3">{user.email}</bdi>
          </div>
        </div>
      }
    />
  )
}
