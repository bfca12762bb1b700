// DecodePolicies: what the door does with a record that does not match the schema. Plain data; a
// record that a policy does not let in becomes a RejectedRecord, it is never lost or half read.

/**
 * A field that is null or missing although its column is not nullable always rejects the record:
 * there is no value that could stand for it.
 */
export interface DecodePolicies {
  /** Fields that the schema does not name: passed over (default), or the record is rejected. */
  readonly unknownFields?: 'ignore' | 'reject'
  /** A missing field of a nullable column: null (default), or the record is rejected. */
  readonly missingFields?: 'null' | 'reject'
  /** A value its column can't hold: rejects (default); 'null' only acts on nullable columns. */
  readonly wrongTypes?: 'reject' | 'null'
  /** The string or bytes column that takes each whole record, verbatim, instead of a field. */
  readonly rawColumn?: string
}

/** Why a record was rejected: a stable code and one line that names the fields concerned. */
export interface DecodeFault {
  readonly code: DecodeFaultCode
  readonly reason: string
}

export type DecodeFaultCode =
  | 'JSON_SYNTAX'
  | 'DEPTH'
  | 'RECORD_TOO_LARGE'
  | 'RECORD_TYPE'
  | 'FIELD_MISSING'
  | 'FIELD_UNKNOWN'
  | 'FIELD_NULL'
  | 'FIELD_TYPE'
