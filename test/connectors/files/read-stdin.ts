// Reads standard input to its end and prints the numbers; run by file-source.test.ts.
import { fileSource } from '../../../connectors/files/index.ts'
import { numberedDecoder, numbersOf } from '../../support/decoders.ts'

const reader = fileSource('-').open(0, numberedDecoder(), 0, undefined)
const numbers: unknown[] = []
while (!reader.isEnded) {
  const records = reader.poll()
  if (records === undefined) await reader.ready()
  else numbers.push(...numbersOf(records))
}
process.stdout.write(JSON.stringify(numbers))
