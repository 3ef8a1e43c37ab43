export { AlreadyDone, type Handler, type HandlerContext, handle, PermanentError, RetryLater } from './handler.ts'
export { failsFinally } from './verdict.ts'
export { type RunningWorker, startWorker } from './worker.ts'
export { runWorkerProcess } from './worker-process.ts'
