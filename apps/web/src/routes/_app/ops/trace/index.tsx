import { createFileRoute } from '@tanstack/react-router'
import { TraceStartPage } from '../../../../features/request-trace/trace-page.tsx'

export const Route = createFileRoute('/_app/ops/trace/')({ component: TraceStartPage })
