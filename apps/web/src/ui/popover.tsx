import { cloneElement, useEffect, useState } from 'react'
import { onDemand } from './on-demand.ts'
import type { PopoverProps } from './popover-view.tsx'

export type { PopoverProps } from './popover-view.tsx'

const popoverView = onDemand<PopoverProps & { isOpenAtFirst: boolean }>(() => import('./popover-view.tsx'))

/** An area beside the button that opens it. Escape and a click beside it close it. */
export function Popover(props: PopoverProps) {
  const { trigger, open, onOpenChange } = props
  const [View, load] = popoverView.use()
  const [isOpenAtFirst, setIsOpenAtFirst] = useState(false)
  const isWanted = open === true && View === null
  useEffect(() => {
    if (isWanted) void load()
  }, [isWanted])
  if (View) return <View {...props} isOpenAtFirst={isOpenAtFirst} />
  return cloneElement(trigger, {
    'aria-haspopup': 'dialog',
    'aria-expanded': false,
    onClick() {
      setIsOpenAtFirst(true)
      onOpenChange?.(true)
      void load()
    },
  })
}
