import { cloneElement, type KeyboardEvent, useState } from 'react'
import type { MenuProps } from './menu-view.tsx'
import { onDemand } from './on-demand.ts'

export type { MenuGroup, MenuItem, MenuProps } from './menu-view.tsx'

const menuView = onDemand<MenuProps & { isOpenAtFirst: boolean }>(() => import('./menu-view.tsx'))

/** Actions on one thing. Arrow keys and first letters move, Escape closes. */
export function Menu(props: MenuProps) {
  const [View, load] = menuView.use()
  const [isOpenAtFirst, setIsOpenAtFirst] = useState(false)
  if (View) return <View {...props} isOpenAtFirst={isOpenAtFirst} />
  const open = () => {
    setIsOpenAtFirst(true)
    return load()
  }
  return cloneElement(props.trigger, {
    'aria-haspopup': 'menu',
    'aria-expanded': false,
    onClick: open,
    onKeyDown(event: KeyboardEvent) {
      if (event.key !== 'ArrowDown' && event.key !== 'ArrowUp') return
      event.preventDefault()
      void open()
    },
  })
}
