import { createFileRoute } from '@tanstack/react-router'
import { CodeForm } from '../../../features/sign-in/code-form.tsx'

export const Route = createFileRoute('/_public/login/code')({ component: CodeForm })
