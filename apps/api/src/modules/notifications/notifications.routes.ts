import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import type { Context } from '../../context.ts'
import { noBody } from '../../http/fields.ts'
import { answer, errors, ok } from '../../http/reply.ts'
import { reasonReply } from './notification-reason.schema.ts'
import { getReason } from './notification-reason.service.ts'
import {
  countReply,
  notificationPageReply,
  notificationParams,
  notificationQuery,
  notificationReply,
} from './notifications.schema.ts'
import * as notifications from './notifications.service.ts'

const signedIn = { access: 'signed-in' } as const
const tags = ['notifications']

export const notificationsRoutes: FastifyPluginAsyncZod<{ context: Context }> = async (app, { context }) => {
  app.get(
    '/notifications',
    {
      config: signedIn,
      schema: {
        operationId: 'listNotifications',
        tags,
        summary: 'List the caller’s notifications, the newest first',
        querystring: notificationQuery,
        response: { 200: answer(notificationPageReply, 'A page of notifications.') },
      },
    },
    async (request) => {
      const { notifications: found, pagination } = await notifications.listNotifications(
        context,
        request.actor,
        request.query,
      )
      return { ...ok({ notifications: found }), pagination }
    },
  )

  app.get(
    '/notifications/unread-count',
    {
      config: signedIn,
      schema: {
        operationId: 'countUnreadNotifications',
        tags,
        summary: 'Count the unread notifications',
        response: { 200: answer(countReply, 'The number.') },
      },
    },
    async (request) => ok({ count: await notifications.countUnread(context, request.actor) }),
  )

  app.get(
    '/notifications/:id/reason',
    {
      config: { ...signedIn, target: { type: 'notification', param: 'id' } },
      schema: {
        operationId: 'getNotificationReason',
        tags,
        summary: 'Read why the caller got a notification, and through which channels',
        params: notificationParams,
        response: { 200: answer(reasonReply, 'The reason.'), ...errors('NOT_FOUND') },
      },
    },
    async (request) => ok({ reason: await getReason(context, request.actor, request.params.id) }),
  )

  app.patch(
    '/notifications/:id/read',
    {
      config: { ...signedIn, target: { type: 'notification', param: 'id' } },
      schema: {
        operationId: 'markNotificationRead',
        tags,
        summary: 'Mark a notification as read',
        params: notificationParams,
        body: noBody,
        response: { 200: answer(notificationReply, 'The read notification.'), ...errors('NOT_FOUND') },
      },
    },
    async (request) => ok({ notification: await notifications.markRead(context, request.actor, request.params.id) }),
  )

  app.patch(
    '/notifications/read-all',
    {
      config: signedIn,
      schema: {
        operationId: 'markAllNotificationsRead',
        tags,
        summary: 'Mark all notifications as read',
        description: '`count` is the number of notifications that were unread.',
        body: noBody,
        response: { 200: answer(countReply, 'All are read.') },
      },
    },
    async (request) => ok({ count: await notifications.markAllRead(context, request.actor) }),
  )

  app.delete(
    '/notifications/:id',
    {
      config: { ...signedIn, target: { type: 'notification', param: 'id' } },
      schema: {
        operationId: 'deleteNotification',
        tags,
        summary: 'Delete a notification',
        params: notificationParams,
        response: { 200: answer(notificationReply, 'The deleted notification.'), ...errors('NOT_FOUND') },
      },
    },
    async (request) =>
      ok({ notification: await notifications.deleteNotification(context, request.actor, request.params.id) }),
  )
}
