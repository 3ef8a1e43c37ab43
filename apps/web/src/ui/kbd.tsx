/** A key of the keyboard. */
export const Kbd = ({ children }: { children: string }) => (
  <kbd className="inline-grid min-w-6 place-items-center rounded-sm border border-b-2 border-line bg-raised px-1.5 font-sans text-xs leading-5 font-medium text-ink-2">
    {children}
  </kbd>
)
