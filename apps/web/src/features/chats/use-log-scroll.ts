import { type RefObject, useEffect, useEffectEvent, useLayoutEffect, useRef, useState } from 'react'

/** So near to the end the log counts as being there, in pixels. */
const endPx = 48
/** So near to the beginning of what is shown more is asked for. */
const aheadPx = 800

type Options = {
  box: RefObject<HTMLElement | null>
  /** A selector of what is shown first; the end without one. */
  start: string | undefined
  /** Whether what is shown ends with the latest message. */
  isWhole: boolean
  onNearStart: () => void
  onNearEnd: () => void
  /** Is called with the number of the last message in sight. */
  onSeen: (seq: number) => void
}

const rows = (box: HTMLElement) => [...box.querySelectorAll<HTMLElement>('[data-seq]')]
const seqOf = (row: HTMLElement) => Number(row.dataset.seq)

/** Returns the index of the first row for which the test holds; rows before it fail, rows after it pass. */
function firstWhere(all: readonly HTMLElement[], test: (row: HTMLElement) => boolean): number {
  let low = 0
  let high = all.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (test(all[middle] as HTMLElement)) high = middle
    else low = middle + 1
  }
  return low
}

/**
 * Scrolls the log of a chat, whose box begins at its lower end (`flex-direction: column-reverse`): who is at the end stays there, and for
 * who reads elsewhere the message at the upper edge keeps its place whatever is added before or after it.
 */
export function useLogScroll({ box, start, isWhole, onNearStart, onNearEnd, onSeen }: Options) {
  const [isAtEnd, setIsAtEnd] = useState(true)
  const atEnd = useRef(start === undefined)
  const anchor = useRef<{ seq: number; top: number } | null>(null)
  const wanted = useRef<{ selector: string; onDone?: () => void } | null>(
    start === undefined ? null : { selector: start },
  )

  const look = useEffectEvent(() => {
    const element = box.current
    if (!element) return
    const { top, bottom } = element.getBoundingClientRect()
    atEnd.current = isWhole && element.scrollTop > -endPx
    setIsAtEnd(atEnd.current)
    const all = rows(element)
    const first = all[firstWhere(all, (row) => row.getBoundingClientRect().bottom > top)]
    anchor.current = first ? { seq: seqOf(first), top: first.getBoundingClientRect().top - top } : null
    const hiddenAbove = element.scrollHeight - element.clientHeight + element.scrollTop
    if (hiddenAbove < aheadPx) onNearStart()
    if (!isWhole && element.scrollTop > -aheadPx) onNearEnd()
    // Who is on the way to another message has not read the ones that are shown meanwhile.
    if (wanted.current || document.visibilityState !== 'visible' || !document.hasFocus()) return
    // A message that is higher than the box counts once its beginning is well in sight.
    const last = all[firstWhere(all, (row) => row.getBoundingClientRect().top > bottom - endPx / 2) - 1]
    if (last) onSeen(seqOf(last))
  })

  // After each rendering: scrolls to the message to show, else keeps the place.
  useLayoutEffect(() => {
    const element = box.current
    if (!element) return
    const target = wanted.current && element.querySelector<HTMLElement>(wanted.current.selector)
    if (wanted.current && target) {
      const { top, height } = element.getBoundingClientRect()
      element.scrollTop += target.getBoundingClientRect().top - top - height / 4
      wanted.current.onDone?.()
      wanted.current = null
    } else if (atEnd.current) element.scrollTop = 0
    else if (anchor.current) {
      const row = element.querySelector(`[data-seq="${anchor.current.seq}"]`)
      if (row)
        element.scrollTop += row.getBoundingClientRect().top - element.getBoundingClientRect().top - anchor.current.top
    }
    look()
  })

  useEffect(() => {
    const element = box.current
    if (!element) return
    let frame = 0
    const soon = () => {
      cancelAnimationFrame(frame)
      frame = requestAnimationFrame(() => look())
    }
    element.addEventListener('scroll', soon, { passive: true })
    addEventListener('focus', soon)
    addEventListener('resize', soon)
    document.addEventListener('visibilitychange', soon)
    return () => {
      cancelAnimationFrame(frame)
      element.removeEventListener('scroll', soon)
      removeEventListener('focus', soon)
      removeEventListener('resize', soon)
      document.removeEventListener('visibilitychange', soon)
    }
  }, [box])

  return {
    isAtEnd,
    /** Shows what the selector names as soon as it is in the page. */
    goTo(selector: string, onDone?: () => void) {
      atEnd.current = false
      wanted.current = { selector, ...(onDone && { onDone }) }
    },
    /** Stays where it is, when what was wanted is not there. */
    stay() {
      wanted.current = null
    },
    /** Shows the latest message from the next rendering on. */
    goToEnd() {
      wanted.current = null
      atEnd.current = true
    },
  }
}
