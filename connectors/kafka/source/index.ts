// Topics of a Kafka cluster as sources.
export { type KafkaSource, type KafkaSourceOptions, kafkaSource } from './kafka-source.ts'
