export { fillDemo } from './fill-demo.ts'
export { assertMayBeDemo, assertMayBeFilled } from './refuse.ts'
