// Generators: seeded records as a source.
export {
  columnSource,
  type GeneratorOptions,
  generatorSource,
  type MakeColumns,
  type MakeRecord,
  type RecordOrdinal,
} from './generator-source.ts'
export { RecordRandom } from './record-random.ts'
