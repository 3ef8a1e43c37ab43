import { type CSSProperties, type ReactNode, useEffect, useRef, useState } from 'react'

type InViewProps = { className?: string; style?: CSSProperties; children: ReactNode }

/** Renders its content once its place comes into sight: what that reads and loads waits until then. Give the place the size of what comes. */
export function InView({ className, style, children }: InViewProps) {
  const ref = useRef<HTMLDivElement>(null)
  const [isSeen, setIsSeen] = useState(false)
  useEffect(() => {
    if (!ref.current) return
    const observer = new IntersectionObserver(([entry]) => entry?.isIntersecting && setIsSeen(true))
    observer.observe(ref.current)
    return () => observer.disconnect()
  }, [])
  return isSeen ? children : <div {...{ ref, className, style }} />
}
