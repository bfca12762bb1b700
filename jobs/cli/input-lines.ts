// Lines of a byte stream, as bytes: what is appended is what was read, also where it is no UTF-8.

/** Non-empty lines without their ends; the last one may lack its newline. */
export async function* inputLines(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let rest: Uint8Array[] = []
  for await (const chunk of chunks) {
    let start = 0
    for (;;) {
      const end = chunk.indexOf(10, start)
      if (end < 0) break
      const line = joined([...rest, chunk.subarray(start, end)])
      rest = []
      if (line.length > 0) yield line
      start = end + 1
    }
    if (start < chunk.length) rest.push(chunk.slice(start))
  }
  const last = joined(rest)
  if (last.length > 0) yield last
}

/** One copy, without a carriage return at its end. */
function joined(parts: readonly Uint8Array[]): Uint8Array {
  const bytes = Buffer.concat(parts)
  return bytes.at(-1) === 13 ? bytes.subarray(0, -1) : bytes
}
