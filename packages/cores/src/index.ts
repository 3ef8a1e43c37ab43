export { availableCores } from './available-cores.ts'
export { processTuning } from './process-tuning.ts'
