import { type KeyboardEvent, type PointerEvent, type SyntheticEvent, useState } from 'react'

export type PointsOptions = {
  count: number
  /** How many points the up and down arrows move. The other two move by `columnStep`. */
  rowStep: number
  columnStep: number
}

const indexOf = ({ target }: SyntheticEvent): number | undefined => {
  const point = target instanceof Element ? target.closest('[data-point]') : null
  return point ? Number(point.getAttribute('data-point')) : undefined
}

/**
 * Follows which point of a chart has the pointer or the focus. One point is reached by Tab, at first the last one; arrow keys, Home and End go
 * on from there, Escape closes what is shown about it. Each point has the props of `pointProps`, which name it for
 * assistive technology.
 */
export function usePoints({ count, rowStep, columnStep }: PointsOptions) {
  const [active, setActive] = useState<number>()
  const [reached, setReached] = useState<number>()
  const current = Math.min(reached ?? count - 1, count - 1)
  const onKeyDown = (event: KeyboardEvent<SVGSVGElement>) => {
    if (event.key === 'Escape') return setActive(undefined)
    const next = {
      ArrowLeft: current - columnStep,
      ArrowRight: current + columnStep,
      ArrowUp: current - rowStep,
      ArrowDown: current + rowStep,
      Home: 0,
      End: count - 1,
    }[event.key]
    if (next === undefined) return
    event.preventDefault()
    event.currentTarget.querySelector<SVGElement>(`[data-point="${next}"]`)?.focus()
  }
  const chartProps = {
    onKeyDown,
    onFocus(event: SyntheticEvent) {
      const index = indexOf(event)
      if (index === undefined) return
      setReached(index)
      setActive(index)
    },
    onBlur: () => setActive(undefined),
    onPointerOver: (event: PointerEvent) => setActive(indexOf(event)),
    onPointerLeave: (event: PointerEvent) => event.pointerType === 'mouse' && setActive(undefined),
  }
  const pointProps = (index: number, name: string) => ({
    'data-point': index,
    tabIndex: index === current ? 0 : -1,
    role: 'img',
    'aria-label': name,
  })
  return { active: active !== undefined && active < count ? active : undefined, chartProps, pointProps }
}
