import { createFileRoute } from '@tanstack/react-router'
import { StatusPage } from '../../../features/admin/status-page.tsx'

export const Route = createFileRoute('/_app/ops/')({ component: StatusPage })
