import { createFileRoute } from '@tanstack/react-router'
import { RegisterCodePage } from '../../../features/registration/register-code-page.tsx'

export const Route = createFileRoute('/_public/register/code')({ component: RegisterCodePage })
