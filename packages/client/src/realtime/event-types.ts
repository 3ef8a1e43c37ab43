import type { ApiError, ClientEvents, ServerEvents } from '../generated/schemas.gen.ts'

export type ServerEventName = keyof ServerEvents
export type ClientEventName = keyof ClientEvents
export type Payload<Name extends ClientEventName> = ClientEvents[Name]['payload']
export type AcknowledgedData<Name extends ClientEventName> = ClientEvents[Name]['data']

export type Acknowledgement<Data> = { success: true; data: Data } | (ApiError & { error: { retryAfter?: number } })

export type ServerListeners = { [Name in ServerEventName]: (payload: ServerEvents[Name]) => void }
export type ClientEmits = {
  [Name in ClientEventName]: (
    payload: Payload<Name>,
    acknowledge: (answer: Acknowledgement<AcknowledgedData<Name>>) => void,
  ) => void
}

/** A change of a chat, as the server sends it. */
export type ChatChangeEvent = ServerEvents['chat:change']
export type SyncAnswer = AcknowledgedData<'sync'>
