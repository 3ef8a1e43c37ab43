import { useWindowVirtualizer } from '@tanstack/react-virtual'
import { type ReactNode, useEffect, useEffectEvent, useLayoutEffect, useRef, useState } from 'react'
import { cx } from './cx.ts'

export type VirtualRowsProps = {
  /** The name of the list for assistive technology. */
  label: string
  count: number
  /** The key of a row, which is its index as long as nothing is known of it. */
  keyOf: (index: number) => string | number
  /** The estimated height of a row, which is measured once the row is shown. */
  rowHeightPx: number
  /** Tells which rows are near the ones in sight, both ends included, when that changes. */
  onRange: (first: number, last: number) => void
  /** Returns the content of a row. */
  children: (index: number) => ReactNode
  className?: string | undefined
}

/** A list of any length that scrolls with the page, of which only the rows near those in sight are in the page. */
export function VirtualRows(props: VirtualRowsProps) {
  const { label, count, keyOf, rowHeightPx, onRange, children, className } = props
  const ref = useRef<HTMLUListElement>(null)
  const [topPx, setTopPx] = useState(0)
  useLayoutEffect(() => {
    // What stands above may change its height with any rendering.
    if (ref.current) setTopPx(Math.round(ref.current.getBoundingClientRect().top + scrollY))
  })
  const virtual = useWindowVirtualizer({
    count,
    estimateSize: () => rowHeightPx,
    getItemKey: keyOf,
    scrollMargin: topPx,
    overscan: 8,
    // Before the window is measured, so that the first rows are rendered in the steps of the page.
    initialRect: { width: innerWidth, height: innerHeight },
  })
  const rows = virtual.getVirtualItems()
  const first = rows[0]?.index ?? 0
  const last = rows.at(-1)?.index ?? 0
  const tell = useEffectEvent(onRange)
  useEffect(() => tell(first, last), [first, last])
  return (
    <ul ref={ref} aria-label={label} className={cx('relative', className)} style={{ height: virtual.getTotalSize() }}>
      {rows.map(({ index, key, start }) => (
        <li
          key={key}
          data-index={index}
          ref={virtual.measureElement}
          aria-setsize={count}
          aria-posinset={index + 1}
          className="absolute inset-x-0 top-0"
          style={{ transform: `translateY(${start - topPx}px)` }}
        >
          {children(index)}
        </li>
      ))}
    </ul>
  )
}
