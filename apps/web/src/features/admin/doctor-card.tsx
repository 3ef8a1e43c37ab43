import type { DoctorReport } from '@muster/client'
import type { UseMutationResult } from '@tanstack/react-query'
import { Stethoscope } from 'lucide-react'
import { m } from '../../paraglide/messages.js'
import { Badge } from '../../ui/badge.tsx'
import { Button } from '../../ui/button.tsx'
import { Card } from '../../ui/card.tsx'
import { CodeText } from '../../ui/code-text.tsx'
import { CopyButton } from '../../ui/copy-button.tsx'
import { ErrorState } from '../../ui/error-state.tsx'
import { Notice } from '../../ui/notice.tsx'

/** Has the installation examined as `muster doctor` does, and shows what was found, with a report to copy that has no secrets. */
export function DoctorCard({ examination }: { examination: UseMutationResult<DoctorReport, Error, void> }) {
  const { data: report } = examination
  const findings = report?.checks.flatMap((check) => check.findings) ?? []
  const unchecked = report?.checks.filter(({ reason }) => reason !== null) ?? []
  return (
    <Card
      id="doctor"
      className="scroll-mt-20"
      title={m.ops_status_doctor()}
      description={m.ops_status_doctor_text()}
      actions={
        <>
          {report && <CopyButton text={report.lines.join('\n')} label={m.ops_status_copy_report()} />}
          <Button
            icon={<Stethoscope aria-hidden="true" />}
            isPending={examination.isPending}
            onClick={() => examination.mutate()}
          >
            {m.ops_status_examine()}
          </Button>
        </>
      }
    >
      <div role="status" className="flex flex-col gap-4">
        {report?.isWell && (
          <Notice tone="success">{m.ops_status_nothing_wrong({ count: report.checks.length })}</Notice>
        )}
        {findings.length > 0 && (
          <ul className="flex flex-col gap-3">
            {findings.map(({ id, severity, what, remedy }) => (
              <li key={id + what}>
                {/* The doctor speaks English. */}
                <Notice tone={severity === 'error' ? 'danger' : 'warning'} title={<span lang="en">{id}</span>}>
                  <div lang="en" dir="ltr" className="text-start">
                    <p className="break-words">
                      <CodeText>{what}</CodeText>
                    </p>
                    <p className="mt-1 break-words text-ink-2">
                      → <CodeText>{remedy}</CodeText>
                    </p>
                  </div>
                </Notice>
              </li>
            ))}
          </ul>
        )}
        {report && (
          <details>
            <summary className="cursor-pointer text-[0.9375rem] text-accent">
              {m.ops_status_all_checks({ count: report.checks.length })}
              {unchecked.length > 0 && ` · ${m.ops_status_unchecked({ count: unchecked.length })}`}
            </summary>
            <ul lang="en" dir="ltr" className="mt-3 flex flex-col gap-3 text-start text-[0.9375rem]">
              {report.checks.map(({ name, status, reason, facts }) => (
                <li key={name}>
                  <p className="flex items-center gap-2 font-medium">
                    {name}
                    <Badge tone={status === 'well' ? 'success' : status === 'findings' ? 'danger' : 'neutral'}>
                      {status === 'well'
                        ? m.ops_status_check_well()
                        : status === 'findings'
                          ? m.ops_status_check_findings()
                          : m.ops_status_check_unchecked()}
                    </Badge>
                  </p>
                  {[...facts, ...(reason === null ? [] : [reason])].map((fact) => (
                    <p key={fact} className="break-words text-ink-2">
                      {fact}
                    </p>
                  ))}
                </li>
              ))}
            </ul>
          </details>
        )}
        {examination.error && (
          <ErrorState className="py-4" error={examination.error} onRetry={() => examination.mutate()} />
        )}
      </div>
    </Card>
  )
}
