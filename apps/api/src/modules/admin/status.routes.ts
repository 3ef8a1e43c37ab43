import { rolesWith } from '@muster/policy'
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import type { Context } from '../../context.ts'
import { answer, ok } from '../../http/reply.ts'
import { principalOf } from './principal.ts'
import { doctorReply, statusReply } from './status.schema.ts'
import { createExamination, readStatus } from './status.service.ts'

const tags = ['administration']

export const statusRoutes: FastifyPluginAsyncZod<{ context: Context }> = async (app, { context }) => {
  const examine = createExamination(context)
  const config = { access: rolesWith('diagnostics.read') }

  app.get(
    '/admin/status',
    {
      config,
      schema: {
        operationId: 'getInstallationStatus',
        tags,
        summary: 'Show the state of the installation',
        description:
          'Processes, dependencies, queues, mails and what is late. While Redis is away, what it alone knows is null and named in `unknown`.',
        response: { 200: answer(statusReply, 'The state.') },
      },
    },
    async (request) => ok({ status: await readStatus(context, principalOf(request)) }),
  )

  app.post(
    '/admin/doctor',
    {
      config: { ...config, limit: 'examinations' },
      schema: {
        operationId: 'examineInstallation',
        tags,
        summary: 'Examine the installation as `muster doctor` does',
        description:
          'Takes up to ten seconds. Reads only, apart from a file and keys that it writes and deletes again; sends no mail. The report names no secret. It has the settings of the API alone: what other processes are set to is examined by the command.',
        response: { 200: answer(doctorReply, 'The report.') },
      },
    },
    async (request) => ok({ report: await examine(principalOf(request)) }),
  )
}
