import fastifyCompress from '@fastify/compress'
import { newRequestId } from '@muster/cause'
import fastify, { type FastifyBaseLogger, type FastifyInstance, type FastifyPluginAsync, LogController } from 'fastify'
import { serializerCompiler, type ZodTypeProvider } from 'fastify-type-provider-zod'
import type { Deps } from './deps.ts'
import { validatorCompiler } from './http/errors/validator.ts'
import { createSecretGuard } from './http/limits/secret-guard.ts'
import { createApiServer } from './http/server/api-server.ts'
import { answerMalformedHttp, answerMalformedUrl } from './http/server/malformed-request.ts'
import { accountsRoutes } from './modules/accounts/accounts.routes.ts'
import { presencePlugin } from './modules/accounts/presence.plugin.ts'
import { adminEmailsRoutes } from './modules/admin/admin-emails.routes.ts'
import { adminOrganizationsRoutes } from './modules/admin/admin-organizations.routes.ts'
import { adminQueuesRoutes } from './modules/admin/admin-queues.routes.ts'
import { adminUsersRoutes } from './modules/admin/admin-users.routes.ts'
import { diagnosticsRoutes } from './modules/admin/diagnostics.routes.ts'
import { queueBoardRoutes } from './modules/admin/queue-board.routes.ts'
import { queueOperationsRoutes } from './modules/admin/queue-operations.routes.ts'
import { requestTraceRoutes } from './modules/admin/request-trace.routes.ts'
import { statusRoutes } from './modules/admin/status.routes.ts'
import { userDetailsRoutes } from './modules/admin/user-details.routes.ts'
import { analyticsRoutes } from './modules/analytics/analytics.routes.ts'
import { attachmentsRoutes } from './modules/attachments/attachments.routes.ts'
import { accessLogRoutes } from './modules/audit/access-log.routes.ts'
import { auditRoutes } from './modules/audit/audit.routes.ts'
import { deniedAccessPlugin } from './modules/audit/denied-access.plugin.ts'
import { chatSteps } from './modules/chats/chat-steps.ts'
import { chatsRoutes } from './modules/chats/chats.routes.ts'
import { groupRoutes } from './modules/chats/groups/group.routes.ts'
import { groupMembersRoutes } from './modules/chats/groups/group-members.routes.ts'
import { chatMediaRoutes } from './modules/chats/media/chat-media.routes.ts'
import { messageReportsRoutes } from './modules/chats/reports/message-reports.routes.ts'
import { deletionRoutes } from './modules/data-rights/deletion.routes.ts'
import { exportRoutes } from './modules/data-rights/export.routes.ts'
import { friendsRoutes } from './modules/friends/friends.routes.ts'
import { createInvitationSteps } from './modules/invites/invitation-steps.ts'
import { invitesRoutes } from './modules/invites/invites.routes.ts'
import { membersRoutes } from './modules/members/members.routes.ts'
import { notificationsRoutes } from './modules/notifications/notifications.routes.ts'
import { organizationsRoutes } from './modules/organizations/organizations.routes.ts'
import { passwordsRoutes } from './modules/passwords/passwords.routes.ts'
import { avatarRoutes } from './modules/profile/avatar.routes.ts'
import { preferencesRoutes } from './modules/profile/preferences.routes.ts'
import { unsubscribeRoutes } from './modules/profile/unsubscribe.routes.ts'
import { reauthenticationRoutes } from './modules/reauthentication/reauthentication.routes.ts'
import { registrationRoutes } from './modules/registration/registration.routes.ts'
import { remindersRoutes } from './modules/reminders/reminders.routes.ts'
import { createAccessTokens } from './modules/sessions/access-tokens.ts'
import { sessionCookies, sessionPlugin, viewersBy } from './modules/sessions/session.plugin.ts'
import { sessionsRoutes } from './modules/sessions/sessions.routes.ts'
import { googleRoutes } from './modules/sign-in/google/google.routes.ts'
import { signInRoutes } from './modules/sign-in/sign-in.routes.ts'
import { taskActivityRoutes } from './modules/tasks/task-activity.routes.ts'
import { tasksRoutes } from './modules/tasks/tasks.routes.ts'
import { twoFactorRoutes } from './modules/two-factor/two-factor.routes.ts'
import { absoluteUrlsPlugin } from './plugins/absolute-urls.ts'
import { bodyEncodingPlugin } from './plugins/body-encoding.ts'
import { bodyTimeoutPlugin } from './plugins/body-timeout.ts'
import { causesPlugin } from './plugins/causes.ts'
import { clientAddressPlugin } from './plugins/client-address.ts'
import { contentLengthPlugin } from './plugins/content-length.ts'
import { errorsPlugin } from './plugins/errors.ts'
import { gracefulClosePlugin } from './plugins/graceful-close.ts'
import { guidesPlugin } from './plugins/guides.ts'
import { healthPlugin } from './plugins/health.ts'
import { httpMetricsPlugin } from './plugins/http-metrics.ts'
import { httpRulesPlugin } from './plugins/http-rules.ts'
import { jsonBodyPlugin } from './plugins/json-body.ts'
import { notFoundPlugin } from './plugins/not-found.ts'
import { openapiPlugin } from './plugins/openapi.ts'
import { optionsRequestsPlugin } from './plugins/options-requests.ts'
import { originsPlugin } from './plugins/origins.ts'
import { pagesPlugin } from './plugins/pages.ts'
import { rateLimitsPlugin } from './plugins/rate-limits.ts'
import { requestLogger, requestLogPlugin } from './plugins/request-log.ts'
import { securityHeadersPlugin } from './plugins/security-headers.ts'
import { tracingPlugin } from './plugins/tracing.ts'
import { writeCookiesPlugin } from './plugins/write-cookies.ts'
import { serveRealtime } from './realtime/serve-realtime.ts'

export type App = FastifyInstance

const bodyLimitBytes = 1024 * 1024
/** Fastify limits the hooks of closing by it too; draining connections takes up to 11 s, and the process ends after 25 s anyway. */
const closeTimeoutMs = 30_000
const compressAboveBytes = 1024
const compressibleTypes = /^text\/(?!event-stream)|(?:[+/](?:json|text|xml)|octet-stream)(?:;|$)/

/**
 * Builds the API: every plugin and every module, in the order in which a request passes them.
 * @param first a plugin before the others, by which tests watch requests and answers
 */
export async function buildApp(deps: Deps, first?: FastifyPluginAsync): Promise<App> {
  const { config, clock } = deps
  const app = fastify({
    loggerInstance: deps.log.child({ component: 'http' }) as FastifyBaseLogger,
    logController: new LogController({ disableRequestLogging: true, requestIdLogLabel: 'requestId' }),
    childLoggerFactory: requestLogger,
    bodyLimit: bodyLimitBytes,
    serverFactory: createApiServer,
    return503OnClosing: false,
    pluginTimeout: closeTimeoutMs,
    genReqId: newRequestId,
    routerOptions: { ignoreTrailingSlash: true, maxParamLength: 2_000 },
    frameworkErrors: answerMalformedUrl,
    clientErrorHandler: answerMalformedHttp,
  }).withTypeProvider<ZodTypeProvider>()
  app.setValidatorCompiler(validatorCompiler)
  app.setSerializerCompiler(serializerCompiler)

  const accessTokens = await createAccessTokens(app, {
    keys: config.keys.accessToken,
    issuer: config.publicUrl.origin,
    restoreMark: deps.restoreMark,
    clock,
  })
  const cookies = sessionCookies({ isSecure: config.cookies.isSecure, now: clock.now })
  const guard = createSecretGuard(deps)
  const invitations = createInvitationSteps(deps)
  const context = { ...deps, accessTokens, cookies, guard, invitations, chatSteps }

  await app.register(causesPlugin)
  if (config.tracing) await app.register(tracingPlugin)
  if (first) await app.register(first)
  await app.register(httpMetricsPlugin)
  await app.register(clientAddressPlugin, config.http)
  await app.register(gracefulClosePlugin)
  await app.register(errorsPlugin)
  await app.register(jsonBodyPlugin)
  await app.register(bodyTimeoutPlugin, {})
  await app.register(requestLogPlugin)
  await app.register(securityHeadersPlugin)
  await app.register(httpRulesPlugin)
  await app.register(optionsRequestsPlugin)
  await app.register(fastifyCompress, {
    threshold: compressAboveBytes,
    encodings: ['br', 'gzip'],
    globalDecompression: false,
    customTypes: compressibleTypes,
  })
  await app.register(contentLengthPlugin, {
    isCompressed: (type, lengthBytes) => lengthBytes >= compressAboveBytes && compressibleTypes.test(type),
  })
  // After the plugin that corrects lengths, because it adds the route of the preflights.
  await app.register(originsPlugin, { config })
  await app.register(writeCookiesPlugin, { deps })
  await app.register(sessionPlugin, { context })
  await app.register(presencePlugin, { presence: deps.presence })
  await app.register(deniedAccessPlugin, { context: deps })
  await app.register(rateLimitsPlugin, { deps })
  // Before what counts unknown paths.
  await app.register(pagesPlugin, { config, viewerOf: viewersBy(accessTokens, cookies) })
  await app.register(bodyEncodingPlugin)
  await app.register(notFoundPlugin)
  await app.register(guidesPlugin)
  await app.register(openapiPlugin, { publicUrl: config.publicUrl })
  await app.register(healthPlugin, { deps })
  await app.register(absoluteUrlsPlugin)

  await app.register(
    async (api) => {
      await api.register(registrationRoutes, { context })
      await api.register(signInRoutes, { context })
      await api.register(passwordsRoutes, { context })
      await api.register(reauthenticationRoutes, { context })
      await api.register(twoFactorRoutes, { context })
      await api.register(sessionsRoutes, { context })
      await api.register(googleRoutes, { context })
      await api.register(accountsRoutes, { context })
      await api.register(preferencesRoutes, { context })
      await api.register(unsubscribeRoutes, { context })
      await api.register(avatarRoutes, { context })
      await api.register(exportRoutes, { context })
      await api.register(deletionRoutes, { context })
      await api.register(accessLogRoutes, { context })
      await api.register(friendsRoutes, { context })
      await api.register(organizationsRoutes, { context })
      await api.register(membersRoutes, { context })
      await api.register(invitesRoutes, { context })
      await api.register(tasksRoutes, { context })
      await api.register(taskActivityRoutes, { context })
      await api.register(attachmentsRoutes, { context })
      await api.register(remindersRoutes, { context })
      await api.register(chatsRoutes, { context })
      await api.register(groupRoutes, { context })
      await api.register(groupMembersRoutes, { context })
      await api.register(chatMediaRoutes, { context })
      await api.register(messageReportsRoutes, { context })
      await api.register(notificationsRoutes, { context })
      await api.register(analyticsRoutes, { context })
      await api.register(auditRoutes, { context })
      await api.register(adminUsersRoutes, { context })
      await api.register(userDetailsRoutes, { context })
      await api.register(adminOrganizationsRoutes, { context })
      await api.register(adminQueuesRoutes, { context })
      await api.register(queueOperationsRoutes, { context })
      await api.register(statusRoutes, { context })
      await api.register(adminEmailsRoutes, { context })
      await api.register(requestTraceRoutes, { context })
      await api.register(queueBoardRoutes, { context })
      await api.register(diagnosticsRoutes, { context })
    },
    { prefix: '/api/v1' },
  )
  await serveRealtime(app as unknown as App, context)
  return app as unknown as App
}
