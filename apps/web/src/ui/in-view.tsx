import { type ReactNode, useEffect, useRef, useState } from 'react'

/** Renders its content once its place comes into sight: what that reads and loads waits until then. Give the place the size of what comes. */
export function InView({ className, children }: { className: string; children: ReactNode }) {
  const ref = useRef<HTMLDivElement>(null)
  const [isSeen, setIsSeen] = useState(false)
  useEffect(() => {
    if (!ref.current) return
    const observer = new IntersectionObserver(([entry]) => entry?.isIntersecting && setIsSeen(true))
    observer.observe(ref.current)
    return () => observer.disconnect()
  }, [])
  return isSeen ? children : <div ref={ref} className={className} />
}
