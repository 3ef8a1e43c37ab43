import { cloneElement, type ReactElement, useEffect, useState } from 'react'

/** Shows the text beside an element that has the pointer or the focus. The element needs a name of its own besides. */
export const Tooltip = ({ text, children }: { text: string; children: ReactElement<Record<string, unknown>> }) =>
  cloneElement(children, { 'data-tooltip': text })

const delayMs = 450
const marginPx = 8

type Shown = { text: string; x: number; top: number; bottom: number }

/**
 * The place of all tooltips; it stands once in the page. A tooltip of Base UI each would load its positioning for every icon button, also in
 * the pages that have no other use for it.
 */
export function TooltipHost() {
  const [shown, setShown] = useState<Shown | null>(null)
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined
    let current: Element | null = null
    const hide = () => {
      clearTimeout(timer)
      current = null
      setShown(null)
    }
    const enter = ({ target, type }: Event) => {
      const element = target instanceof Element ? target.closest('[data-tooltip]') : null
      if (element === current) return
      hide()
      if (!element || (type === 'focusin' && !element.matches(':focus-visible'))) return
      current = element
      timer = setTimeout(() => {
        const { left, width, top, bottom } = element.getBoundingClientRect()
        if (element.isConnected)
          setShown({ text: element.getAttribute('data-tooltip') ?? '', x: left + width / 2, top, bottom })
      }, delayMs)
    }
    const onKey = (event: KeyboardEvent) => event.key === 'Escape' && hide()
    const listeners: [string, (event: never) => void][] = [
      ['pointerover', enter],
      ['focusin', enter],
      ['pointerdown', hide],
      ['scroll', hide],
      ['keydown', onKey],
    ]
    for (const [name, listener] of listeners) document.addEventListener(name, listener as EventListener, true)
    return () => {
      hide()
      for (const [name, listener] of listeners) document.removeEventListener(name, listener as EventListener, true)
    }
  }, [])
  if (!shown) return null
  const isAbove = shown.bottom + 48 > innerHeight
  return (
    <div
      role="tooltip"
      className="pointer-events-none fixed z-60 max-w-64 -translate-x-1/2 rounded-sm bg-ink px-2 py-1 text-sm text-canvas shadow-md"
      style={{
        left: Math.min(Math.max(shown.x, 40), innerWidth - 40),
        ...(isAbove ? { bottom: innerHeight - shown.top + marginPx } : { top: shown.bottom + marginPx }),
      }}
    >
      {shown.text}
    </div>
  )
}
