// Base64 against Buffer as the oracle.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { ByteWriter } from '../../../engine/batch/index.ts'
import { decodeBase64, encodeBase64 } from '../../../engine/json/index.ts'
import { bytesOf } from './decoding.ts'

test('encodes as Buffer does and decodes what it encoded', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), (value) => {
      const text = new ByteWriter(1)
      encodeBase64(value, 0, value.length, text)
      expect(new TextDecoder().decode(text.view())).toBe(Buffer.from(value).toString('base64'))
      const back = new ByteWriter(1)
      expect(decodeBase64(text.bytes, 0, text.length, back)).toBe(true)
      expect(back.toBytes()).toEqual(Uint8Array.from(value))
    }),
  )
})

test.each(['A', 'AA', 'AAA', 'A===', 'AB==', 'AAB=', 'AA=A', '====', 'AA A', 'A-_A', 'AAAA\n'])(
  'refuses %j and leaves the output as it was',
  (text) => {
    const out = new ByteWriter()
    out.uint8(7)
    expect(decodeBase64(bytesOf(text), 0, text.length, out)).toBe(false)
    expect(out.toBytes()).toEqual(Uint8Array.of(7))
  },
)
