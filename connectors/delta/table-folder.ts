// Names of lake tables and the folders they lie in. A name is a plain relative path, so that no job
// can write outside of its lake.
import { join } from 'node:path'
import { ConfigError } from '../../engine/errors.ts'

/**
 * The folder of a table, e.g. of `features/user_fraud_5m`.
 * @throws ConfigError LAKE_TABLE_NAME for a name that is no plain relative path
 */
export function tableFolder(lakeFolder: string, name: string): string {
  const parts = name.split('/')
  if (parts.every((part) => /^[A-Za-z0-9][A-Za-z0-9_.=-]*$/.test(part))) {
    return join(lakeFolder, ...parts)
  }
  throw new ConfigError({
    code: 'LAKE_TABLE_NAME',
    message: 'the name of a lake table can not be used',
    expected: 'letters, digits, "_", "-", "." in parts separated by "/"',
    found: JSON.stringify(name),
    remedy: "Name it like lakeTable('features/user_fraud_5m').",
  })
}
