// The error codes of the Kafka protocol by name, and which of them pass by themselves.
const codes: readonly (readonly [code: number, name: string, isPassing?: 'passing'])[] = [
  [-1, 'UNKNOWN_SERVER_ERROR'],
  [0, 'NONE'],
  [1, 'OFFSET_OUT_OF_RANGE'],
  [2, 'CORRUPT_MESSAGE', 'passing'],
  [3, 'UNKNOWN_TOPIC_OR_PARTITION', 'passing'],
  [4, 'INVALID_FETCH_SIZE'],
  [5, 'LEADER_NOT_AVAILABLE', 'passing'],
  [6, 'NOT_LEADER_OR_FOLLOWER', 'passing'],
  [7, 'REQUEST_TIMED_OUT', 'passing'],
  [8, 'BROKER_NOT_AVAILABLE'],
  [9, 'REPLICA_NOT_AVAILABLE', 'passing'],
  [10, 'MESSAGE_TOO_LARGE'],
  [11, 'STALE_CONTROLLER_EPOCH'],
  [12, 'OFFSET_METADATA_TOO_LARGE'],
  [13, 'NETWORK_EXCEPTION', 'passing'],
  [14, 'COORDINATOR_LOAD_IN_PROGRESS', 'passing'],
  [15, 'COORDINATOR_NOT_AVAILABLE', 'passing'],
  [16, 'NOT_COORDINATOR', 'passing'],
  [17, 'INVALID_TOPIC_EXCEPTION'],
  [18, 'RECORD_LIST_TOO_LARGE'],
  [19, 'NOT_ENOUGH_REPLICAS', 'passing'],
  [20, 'NOT_ENOUGH_REPLICAS_AFTER_APPEND', 'passing'],
  [21, 'INVALID_REQUIRED_ACKS'],
  [22, 'ILLEGAL_GENERATION'],
  [23, 'INCONSISTENT_GROUP_PROTOCOL'],
  [24, 'INVALID_GROUP_ID'],
  [25, 'UNKNOWN_MEMBER_ID'],
  [26, 'INVALID_SESSION_TIMEOUT'],
  [27, 'REBALANCE_IN_PROGRESS'],
  [28, 'INVALID_COMMIT_OFFSET_SIZE'],
  [29, 'TOPIC_AUTHORIZATION_FAILED'],
  [30, 'GROUP_AUTHORIZATION_FAILED'],
  [31, 'CLUSTER_AUTHORIZATION_FAILED'],
  [32, 'INVALID_TIMESTAMP'],
  [33, 'UNSUPPORTED_SASL_MECHANISM'],
  [34, 'ILLEGAL_SASL_STATE'],
  [35, 'UNSUPPORTED_VERSION'],
  [36, 'TOPIC_ALREADY_EXISTS'],
  [37, 'INVALID_PARTITIONS'],
  [38, 'INVALID_REPLICATION_FACTOR'],
  [39, 'INVALID_REPLICA_ASSIGNMENT'],
  [40, 'INVALID_CONFIG'],
  [41, 'NOT_CONTROLLER', 'passing'],
  [42, 'INVALID_REQUEST'],
  [43, 'UNSUPPORTED_FOR_MESSAGE_FORMAT'],
  [44, 'POLICY_VIOLATION'],
  [45, 'OUT_OF_ORDER_SEQUENCE_NUMBER'],
  [46, 'DUPLICATE_SEQUENCE_NUMBER'],
  [47, 'INVALID_PRODUCER_EPOCH'],
  [48, 'INVALID_TXN_STATE'],
  [49, 'INVALID_PRODUCER_ID_MAPPING'],
  [50, 'INVALID_TRANSACTION_TIMEOUT'],
  [51, 'CONCURRENT_TRANSACTIONS', 'passing'],
  [52, 'TRANSACTION_COORDINATOR_FENCED'],
  [53, 'TRANSACTIONAL_ID_AUTHORIZATION_FAILED'],
  [54, 'SECURITY_DISABLED'],
  [55, 'OPERATION_NOT_ATTEMPTED'],
  [56, 'KAFKA_STORAGE_ERROR', 'passing'],
  [57, 'LOG_DIR_NOT_FOUND'],
  [58, 'SASL_AUTHENTICATION_FAILED'],
  [59, 'UNKNOWN_PRODUCER_ID'],
  [60, 'REASSIGNMENT_IN_PROGRESS'],
  [70, 'FETCH_SESSION_ID_NOT_FOUND', 'passing'],
  [71, 'INVALID_FETCH_SESSION_EPOCH', 'passing'],
  [72, 'LISTENER_NOT_FOUND', 'passing'],
  [73, 'TOPIC_DELETION_DISABLED'],
  [74, 'FENCED_LEADER_EPOCH', 'passing'],
  [75, 'UNKNOWN_LEADER_EPOCH', 'passing'],
  [76, 'UNSUPPORTED_COMPRESSION_TYPE'],
  [77, 'STALE_BROKER_EPOCH'],
  [78, 'OFFSET_NOT_AVAILABLE', 'passing'],
  [79, 'MEMBER_ID_REQUIRED'],
  [80, 'PREFERRED_LEADER_NOT_AVAILABLE', 'passing'],
  [81, 'GROUP_MAX_SIZE_REACHED'],
  [82, 'FENCED_INSTANCE_ID'],
  [87, 'INVALID_RECORD'],
  [88, 'UNSTABLE_OFFSET_COMMIT', 'passing'],
  [89, 'THROTTLING_QUOTA_EXCEEDED', 'passing'],
  [90, 'PRODUCER_FENCED'],
  [97, 'TRANSACTIONAL_ID_NOT_FOUND'],
  [100, 'UNKNOWN_TOPIC_ID', 'passing'],
  [103, 'INCONSISTENT_TOPIC_ID', 'passing'],
  [120, 'TRANSACTION_ABORTABLE'],
]

/** An error code as a person and a program read it. */
export interface BrokerError {
  readonly code: number
  /** As Kafka calls it: `NOT_LEADER_OR_FOLLOWER`. */
  readonly name: string
  /** The same request may succeed later, perhaps at another broker. */
  readonly isPassing: boolean
}

const errors = new Map<number, BrokerError>(
  codes.map(([code, name, passing]) => [code, { code, name, isPassing: passing !== undefined }]),
)

export function brokerError(code: number): BrokerError {
  return errors.get(code) ?? { code, name: `ERROR_${code}`, isPassing: false }
}

const byName = new Map(codes.map(([code, name]) => [name, code]))

/** The codes that programs decide by. */
export const ErrorCode = {
  none: 0,
  offsetOutOfRange: codeOf('OFFSET_OUT_OF_RANGE'),
  unknownTopicOrPartition: codeOf('UNKNOWN_TOPIC_OR_PARTITION'),
  leaderNotAvailable: codeOf('LEADER_NOT_AVAILABLE'),
  notLeader: codeOf('NOT_LEADER_OR_FOLLOWER'),
  coordinatorLoading: codeOf('COORDINATOR_LOAD_IN_PROGRESS'),
  coordinatorNotAvailable: codeOf('COORDINATOR_NOT_AVAILABLE'),
  notCoordinator: codeOf('NOT_COORDINATOR'),
  topicAlreadyExists: codeOf('TOPIC_ALREADY_EXISTS'),
  outOfOrderSequence: codeOf('OUT_OF_ORDER_SEQUENCE_NUMBER'),
  invalidProducerEpoch: codeOf('INVALID_PRODUCER_EPOCH'),
  concurrentTransactions: codeOf('CONCURRENT_TRANSACTIONS'),
  fencedLeaderEpoch: codeOf('FENCED_LEADER_EPOCH'),
  producerFenced: codeOf('PRODUCER_FENCED'),
} as const

function codeOf(name: string): number {
  return byName.get(name) ?? -1
}
