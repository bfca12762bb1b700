import { readdirSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { describeWithShared, reactionTo, requireOrSkip } from './skip.ts'

describe('a requirement', () => {
  it('runs where it is met, is skipped where it is not, and fails there in CI', () => {
    expect(reactionTo('localhost:9092', { isCi: false })).toBe('run')
    expect(reactionTo('localhost:9092', { isCi: true })).toBe('run')
    expect(reactionTo(undefined, { isCi: false })).toBe('skip')
    expect(reactionTo(undefined, { isCi: true })).toBe('fail')
  })
})

requireOrSkip('a met requirement', { name: 'a value', found: 3, remedy: '' }, (found) => {
  it('is given to the suite', () => {
    expect(found).toBe(3)
  })
})

describeWithShared('the shared folder', (folder) => {
  it('is there when the suite is called', () => {
    expect(readdirSync(folder).length).toBeGreaterThan(0)
  })
})
