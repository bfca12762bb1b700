// FileFormat: what a file holds, by its name.

export type FileFormat = 'json-lines' | 'csv'

/** CSV for names that end in .csv, else JSON lines. */
export function formatOf(path: string): FileFormat {
  return path.toLowerCase().endsWith('.csv') ? 'csv' : 'json-lines'
}
