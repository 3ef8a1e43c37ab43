import { type Notification as NewNotification, notifyAll } from '@muster/notifications'
import type { Notification } from '@muster/realtime/shapes'
import { dataOf } from '../../../testing/succeeded.ts'
import type { TestApp, TestClient } from '../../../testing/test-app.ts'

export const notificationsUrl = '/api/v1/notifications'

/** Notifies users, as a feature does in its transaction. */
export const notify = (api: TestApp, notifications: NewNotification[]) =>
  api.deps.transact((tx) => notifyAll(tx, notifications, api.deps.clock.now()))

type Page = { notifications: Notification[]; nextCursor: string | null }

export async function listPage(user: TestClient, query = ''): Promise<Page> {
  const { data, pagination } = (await user.inject('GET', `${notificationsUrl}${query}`)).json()
  return { ...data, ...pagination }
}

/** Lists all pages. */
export async function listAll(user: TestClient, query = ''): Promise<Notification[]> {
  const found: Notification[] = []
  for (let cursor: string | null = ''; cursor !== null; ) {
    const page: Page = await listPage(user, `?${query}${cursor && `&cursor=${cursor}`}`)
    found.push(...page.notifications)
    cursor = page.nextCursor
  }
  return found
}

export const countOf = async (user: TestClient): Promise<number> =>
  dataOf(await user.inject('GET', `${notificationsUrl}/unread-count`)).count
export const read = (user: TestClient, id: string) => user.inject('PATCH', `${notificationsUrl}/${id}/read`)
export const readAll = (user: TestClient) => user.inject('PATCH', `${notificationsUrl}/read-all`)
export const remove = (user: TestClient, id: string) => user.inject('DELETE', `${notificationsUrl}/${id}`)
