import { Check, Copy } from 'lucide-react'
import { useEffect, useState } from 'react'
import { m } from '../paraglide/messages.js'
import { Button, type ButtonSize } from './button.tsx'

/** Puts a text into the clipboard, and says so for a moment. */
export function CopyButton({ text, label, size }: { text: string; label?: string; size?: ButtonSize }) {
  const [isCopied, setIsCopied] = useState(false)
  useEffect(() => {
    if (!isCopied) return
    const timer = setTimeout(() => setIsCopied(false), 2_500)
    return () => clearTimeout(timer)
  }, [isCopied])
  return (
    <>
      <Button
        size={size}
        icon={isCopied ? <Check aria-hidden="true" /> : <Copy aria-hidden="true" />}
        onClick={async () => {
          await navigator.clipboard.writeText(text)
          setIsCopied(true)
        }}
      >
        {isCopied ? m.ui_copied() : (label ?? m.ui_copy())}
      </Button>
      <span role="status" className="sr-only">
        {isCopied && m.ui_copied()}
      </span>
    </>
  )
}
