export { type ChatChange, chatChange } from './change.ts'
export {
  type Acknowledgement,
  type ClientEventData,
  type ClientEventName,
  type ClientEventPayload,
  type ClientEvents,
  clientEvents,
  type SyncAnswer,
  type SyncRequest,
} from './client-events.ts'
export {
  type ServerEventName,
  type ServerEventPayload,
  type ServerEvents,
  serverEvents,
  sessionEndReasons,
  staleKinds,
} from './server-events.ts'
