export { findProgram, isExecutable } from './find-program.ts'
