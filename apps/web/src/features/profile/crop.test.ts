import { expect, test } from 'vitest'
import { edgeOf, keptInside, maxZoom, wholeMiddle } from './crop.ts'

const wide = { width: 400, height: 200 }

test('the square that is kept never leaves the image', () => {
  const moved = keptInside(wide, { x: -3, y: 9, zoom: 2 })
  const edge = edgeOf(wide, moved.zoom)
  expect(moved.x * wide.width - edge / 2).toBe(0)
  expect(moved.y * wide.height + edge / 2).toBe(wide.height)
})

test('at first the greatest square in the middle is kept', () => {
  expect(keptInside(wide, wholeMiddle)).toEqual(wholeMiddle)
  expect(edgeOf(wide, wholeMiddle.zoom)).toBe(200)
})

test('an image is enlarged only so far, and never made smaller than the square', () => {
  expect(keptInside(wide, { x: 0.5, y: 0.5, zoom: 99 }).zoom).toBe(maxZoom)
  expect(keptInside(wide, { x: 0.5, y: 0.5, zoom: 0.1 }).zoom).toBe(1)
})
