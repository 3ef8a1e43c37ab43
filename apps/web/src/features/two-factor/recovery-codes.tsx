import { Download, Printer } from 'lucide-react'
import { useEffect, useState } from 'react'
import { m } from '../../paraglide/messages.js'
import { Button } from '../../ui/button.tsx'
import { Checkbox } from '../../ui/checkbox.tsx'
import { CopyButton } from '../../ui/copy-button.tsx'
import { Notice } from '../../ui/notice.tsx'

type Props = { codes: readonly string[]; email: string; onKept: () => unknown }

function download(text: string): void {
  const url = URL.createObjectURL(new Blob([text], { type: 'text/plain;charset=utf-8' }))
  const link = document.createElement('a')
  link.href = url
  link.download = 'muster-recovery-codes.txt'
  link.click()
  URL.revokeObjectURL(url)
}

/** Shows recovery codes the only time that they can be shown, and lets the person keep them before they go on. */
export function RecoveryCodes({ codes, email, onKept }: Props) {
  const [isKept, setIsKept] = useState(false)
  useEffect(() => {
    if (isKept) return
    const warn = (event: BeforeUnloadEvent) => event.preventDefault()
    addEventListener('beforeunload', warn)
    return () => removeEventListener('beforeunload', warn)
  }, [isKept])
  const text = [m.two_factor_file_title({ email }), '', ...codes, '', m.two_factor_file_note(), ''].join('\n')
  return (
    <div className="flex flex-col gap-5">
      <div className="printed">
        <p className="hidden print:block">{m.two_factor_file_title({ email })}</p>
        <ol
          dir="ltr"
          aria-label={m.two_factor_recovery_title()}
          className="grid gap-x-6 gap-y-1.5 rounded-lg bg-raised px-4 py-3.5 font-mono text-sm tracking-tight sm:text-[0.9375rem]"
        >
          {codes.map((code) => (
            <li key={code} className="select-all">
              {code}
            </li>
          ))}
        </ol>
        <p className="hidden print:block">{m.two_factor_file_note()}</p>
      </div>
      <div className="flex flex-wrap gap-2.5">
        <CopyButton text={codes.join('\n')} />
        <Button icon={<Download aria-hidden="true" />} onClick={() => download(text)}>
          {m.two_factor_download()}
        </Button>
        <Button icon={<Printer aria-hidden="true" />} onClick={() => print()}>
          {m.two_factor_print()}
        </Button>
      </div>
      <Notice tone="warning">{m.two_factor_recovery_once()}</Notice>
      <Checkbox label={m.two_factor_kept()} checked={isKept} onChange={({ target }) => setIsKept(target.checked)} />
      <Button variant="primary" size="lg" isWide isDisabled={!isKept} onClick={() => void onKept()}>
        {m.two_factor_continue()}
      </Button>
    </div>
  )
}
