import { type Notification as NewNotification, notifyAll } from '@muster/notifications'
import type { TestApp, TestClient } from '../../../testing/api.ts'
import { dataOf } from '../../../testing/succeeded.ts'
import type { Notification } from '../notifications.schema.ts'

export const notificationsUrl = '/api/v1/notifications'

/** Notifies users, as a feature does in its transaction. */
export const notify = (api: TestApp, notifications: NewNotification[]) =>
  api.deps.transact((tx) => notifyAll(tx, notifications, api.deps.clock.now()))

type Page = { notifications: Notification[]; nextCursor: string | null }

export async function listPage(person: TestClient, query = ''): Promise<Page> {
  const { data, pagination } = (await person.inject('GET', `${notificationsUrl}${query}`)).json()
  return { ...data, ...pagination }
}

/** Lists all pages. */
export async function listAll(person: TestClient, query = ''): Promise<Notification[]> {
  const found: Notification[] = []
  for (let cursor: string | null = ''; cursor !== null; ) {
    const page: Page = await listPage(person, `?${query}${cursor && `&cursor=${cursor}`}`)
    found.push(...page.notifications)
    cursor = page.nextCursor
  }
  return found
}

export const countOf = async (person: TestClient): Promise<number> =>
  dataOf(await person.inject('GET', `${notificationsUrl}/unread-count`)).count
export const read = (person: TestClient, id: string) => person.inject('PATCH', `${notificationsUrl}/${id}/read`)
export const readAll = (person: TestClient) => person.inject('PATCH', `${notificationsUrl}/read-all`)
export const remove = (person: TestClient, id: string) => person.inject('DELETE', `${notificationsUrl}/${id}`)
