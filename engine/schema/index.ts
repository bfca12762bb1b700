// Schemas: types, fields, builders, compatibility of versions.
export {
  COMPATIBILITY_MODES,
  type CompatibilityMode,
  checkCompatibility,
  checkHistory,
  type Difference,
  readDifferences,
} from './compatibility.ts'
export {
  type ColumnSpec,
  type DataType,
  type Field,
  sameType,
  type TimestampUnit,
  typeName,
} from './data-type.ts'
export {
  bool,
  bytes,
  type ColumnSpecs,
  columnIndex,
  date,
  decimal,
  fieldAt,
  float64,
  int32,
  int64,
  list,
  type RowOf,
  type RowOfSpecs,
  type Schema,
  schema,
  schemaOf,
  string,
  struct,
  timestamp,
} from './schema.ts'
export { sameSchema, schemaFromData, schemaText } from './schema-text.ts'
export {
  changelogTopic,
  decideVersion,
  readerDifferences,
  type SchemaVersion,
  schemaIncompatible,
  type VersionDecision,
} from './schema-version.ts'
