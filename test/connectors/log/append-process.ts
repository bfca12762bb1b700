// A process that appends numbered records to a topic until it has appended `count` of them; run by
// embedded-log.test.ts. Prints one line for each durable append.
import { openLog } from '../../../connectors/log/index.ts'

const [folder = '', name = '', count = '0', size = '1'] = process.argv.slice(2)
const log = openLog(folder)
const encoder = new TextEncoder()
for (let i = 0; i < Number(count); i += Number(size)) {
  const records = Array.from({ length: Number(size) }, (_, k) => ({
    key: encoder.encode(name),
    value: encoder.encode(`${name}-${i + k}`),
  }))
  const first = await log.append('shared', 0, records)
  process.stdout.write(`${i} ${first}\n`)
}
await log.close()
