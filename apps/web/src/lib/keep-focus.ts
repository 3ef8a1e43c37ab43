const focusable = 'button:not(:disabled), a[href], input:not(:disabled)'

/**
 * Remembers the place in a list of an element whose row an action may take away. Call the returned function after the action: where the focus
 * went with the row, it moves to the row beside it, or to the area of the list, and not to the start of the page.
 */
export function keepFocus(element: Element | null): () => void {
  const row = element?.closest('li')
  const neighbours = [row?.nextElementSibling, row?.previousElementSibling]
  const around = row?.closest<HTMLElement>('[role=tabpanel], main')
  return () => {
    const { activeElement, body } = document
    if (activeElement !== body && activeElement !== null) return
    const next = [row, ...neighbours].find((item) => item?.isConnected)
    const control = next?.querySelector<HTMLElement>(focusable) ?? around
    control?.focus()
  }
}
