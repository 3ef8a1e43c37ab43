import type { OutboxItem, OutboxStorage } from './outbox-storage.ts'

/** The part of IndexedDB that is used; Node has none. */
type IdbRequest<T> = { result: T; error: unknown; onsuccess: (() => void) | null; onerror: (() => void) | null }
type ObjectStore = {
  put(item: OutboxItem): IdbRequest<unknown>
  delete(key: string[]): IdbRequest<unknown>
  getAll(range: unknown): IdbRequest<OutboxItem[]>
}
type Database = {
  createObjectStore(name: string, options: { keyPath: string[] }): unknown
  transaction(name: string, mode: 'readonly' | 'readwrite'): { objectStore(name: string): ObjectStore }
  close(): void
  onversionchange: (() => void) | null
  onclose: (() => void) | null
}
type Factory = { open(name: string, version: number): IdbRequest<Database> & { onupgradeneeded: (() => void) | null } }
type Globals = { indexedDB: Factory; IDBKeyRange: { bound(lower: unknown[], upper: unknown[]): unknown } }

const storeName = 'outbox'

/** Creates a storage in the browser's IndexedDB. @param name of the database */
export function createIndexedDbStorage(name: string): OutboxStorage {
  const { indexedDB, IDBKeyRange } = globalThis as unknown as Globals
  let opening: Promise<Database> | undefined

  async function open(): Promise<Database> {
    const request = indexedDB.open(name, 1)
    request.onupgradeneeded = () => request.result.createObjectStore(storeName, { keyPath: ['userId', 'clientId'] })
    const database = await resultOf(request)
    const forget = () => {
      opening = undefined
    }
    // Another tab deletes the database, or the browser has closed it.
    database.onversionchange = () => {
      database.close()
      forget()
    }
    database.onclose = forget
    return database
  }

  async function run<T>(mode: 'readonly' | 'readwrite', act: (store: ObjectStore) => IdbRequest<T>): Promise<T> {
    opening ??= open()
    try {
      const database = await opening
      return await resultOf(act(database.transaction(storeName, mode).objectStore(storeName)))
    } catch (error) {
      opening = undefined
      throw error
    }
  }

  return {
    // An array sorts after every text, so this range has all keys of the user.
    load: (userId) => run('readonly', (store) => store.getAll(IDBKeyRange.bound([userId], [userId, []]))),
    put: async (item) => void (await run('readwrite', (store) => store.put(item))),
    delete: async (userId, clientId) => void (await run('readwrite', (store) => store.delete([userId, clientId]))),
  }
}

const resultOf = <T>(request: IdbRequest<T>): Promise<T> =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result)
    request.onerror = () => reject(request.error)
  })
