import { useEffect, useEffectEvent, useRef } from 'react'
import { m } from '../paraglide/messages.js'
import { Button } from './button.tsx'

export type LoadMoreProps = {
  hasMore: boolean
  isLoading: boolean
  onLoadMore: () => void
  /** Loads by itself when the end of the list comes into view. */
  isAutomatic?: boolean | undefined
}

/** The end of a list of which more can be read: a button, which presses itself when it comes into view. */
export function LoadMore({ hasMore, isLoading, onLoadMore, isAutomatic = true }: LoadMoreProps) {
  const ref = useRef<HTMLDivElement>(null)
  const load = useEffectEvent(() => {
    if (!isLoading) onLoadMore()
  })
  useEffect(() => {
    const element = ref.current
    if (!element || !isAutomatic || !hasMore || isLoading) return
    const observer = new IntersectionObserver(([entry]) => entry?.isIntersecting && load(), { rootMargin: '400px' })
    observer.observe(element)
    return () => observer.disconnect()
  }, [isAutomatic, hasMore, isLoading])
  if (!hasMore) return null
  return (
    <div ref={ref} className="flex justify-center py-4">
      <Button variant="ghost" isPending={isLoading} onClick={onLoadMore}>
        {m.ui_load_more()}
      </Button>
    </div>
  )
}
