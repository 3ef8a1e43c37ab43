export { accessibilityFaults } from './accessibility.ts'
export { findBrowser } from './find-browser.ts'
export { launchBrowser, launchForTools } from './launch-browser.ts'
export { watchAnswers } from './settled.ts'
