const focusable = 'button:not(:disabled), a[href], input:not(:disabled)'

/** So long a list may take to show what an action changed. */
const settlingMs = 1_000

/**
 * Remembers the place in a list of an element whose row an action may take away. Call the returned function after the action: as long as the
 * list settles, a focus that goes with its element moves to the same row, to the one beside it or to the area of the list, and not to the
 * start of the page.
 */
export function keepFocus(element: Element | null): () => void {
  const row = element?.closest('li')
  const neighbours = [row?.nextElementSibling, row?.previousElementSibling]
  const around = row?.closest<HTMLElement>('[role=tabpanel], main')
  return () => {
    if (!around) return
    const isLost = () => document.activeElement === document.body
    const restore = () => {
      if (!isLost()) return
      for (const item of [row, ...neighbours]) {
        if (!isLost() || !item?.isConnected) continue
        item.querySelector<HTMLElement>(focusable)?.focus()
      }
    }
    const observer = new MutationObserver(restore)
    observer.observe(around, { childList: true, subtree: true, attributeFilter: ['disabled'] })
    setTimeout(() => {
      observer.disconnect()
      if (isLost()) around.focus({ preventScroll: true })
    }, settlingMs)
    restore()
  }
}
