import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import type { Context } from '../../context.ts'
import { errorReply, ok } from '../../http/reply.ts'
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
        tags,
        summary: 'List the caller’s notifications, the newest first',
        querystring: notificationQuery,
        response: { 200: notificationPageReply },
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
      schema: { tags, summary: 'Count the unread notifications', response: { 200: countReply } },
    },
    async (request) => ok({ count: await notifications.countUnread(context, request.actor) }),
  )

  app.patch(
    '/notifications/:id/read',
    {
      config: { ...signedIn, target: { type: 'notification', param: 'id' } },
      schema: {
        tags,
        summary: 'Mark a notification as read',
        params: notificationParams,
        response: { 200: notificationReply, 404: errorReply },
      },
    },
    async (request) => ok({ notification: await notifications.markRead(context, request.actor, request.params.id) }),
  )

  app.patch(
    '/notifications/read-all',
    {
      config: signedIn,
      schema: {
        tags,
        summary: 'Mark all notifications as read',
        description: '`count` is the number of notifications that were unread.',
        response: { 200: countReply },
      },
    },
    async (request) => ok({ count: await notifications.markAllRead(context, request.actor) }),
  )

  app.delete(
    '/notifications/:id',
    {
      config: { ...signedIn, target: { type: 'notification', param: 'id' } },
      schema: {
        tags,
        summary: 'Delete a notification',
        params: notificationParams,
        response: { 200: notificationReply, 404: errorReply },
      },
    },
    async (request) =>
      ok({ notification: await notifications.deleteNotification(context, request.actor, request.params.id) }),
  )
}
