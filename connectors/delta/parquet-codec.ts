// Arrow IPC to Parquet bytes and back, through parquet-rs in WebAssembly. Synchronous and heavy:
// the parquet thread runs it. Loading it costs 15 MB and 0.4 s.
import {
  Compression,
  readParquet,
  Table,
  WriterPropertiesBuilder,
  writeParquet,
} from 'parquet-wasm'

/** One Parquet file (snappy) of an Arrow IPC stream. */
export function parquetOfArrowIpc(ipc: Uint8Array): Uint8Array {
  const properties = new WriterPropertiesBuilder()
    .setCompression(Compression.SNAPPY)
    .setCreatedBy('millrace')
    .build()
  return writeParquet(Table.fromIPCStream(ipc), properties)
}

/** The Arrow IPC stream of a whole Parquet file. */
export function arrowIpcOfParquet(bytes: Uint8Array): Uint8Array {
  return readParquet(bytes).intoIPCStream()
}
