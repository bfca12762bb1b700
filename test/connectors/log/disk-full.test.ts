import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { openLog } from '../../../connectors/log/index.ts'
import { smallDisk } from '../../support/small-disk.ts'

test('a full disk is a named error and nothing of the commit is kept', async (context) => {
  const folder = smallDisk(4 * 1024 * 1024)
  if (folder === undefined) return context.skip('this machine does not allow mounting')
  const log = openLog(join(folder, 'log'))
  onTestFinished(() => log.close())
  log.create('orders', { partitions: 1 })
  const ballast = join(folder, 'ballast')
  writeFileSync(ballast, new Uint8Array(2 * 1024 * 1024))
  const records = [{ value: new Uint8Array(100_000).fill(1) }]
  let kept = 0
  const fill = async () => {
    for (; kept < 100; kept++) await log.append('orders', 0, records)
  }
  await expect(fill()).rejects.toMatchObject({ code: 'DISK_FULL' })
  expect(kept).toBeGreaterThan(3)
  expect(log.latest('orders', 0)).toBe(kept)
  rmSync(ballast)
  expect(await log.append('orders', 0, records)).toBe(kept)
  expect(log.read('orders', 0, 0, 1000)).toHaveLength(kept + 1)
})
