// Writes the batches of java-batches.json with Kafka's own classes. With the jars of a broker:
//   java -cp 'libs/*' java-batches.java > java-batches.json
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import org.apache.kafka.common.compress.Compression;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.internals.RecordHeader;
import org.apache.kafka.common.record.ControlRecordType;
import org.apache.kafka.common.record.EndTransactionMarker;
import org.apache.kafka.common.record.MemoryRecords;
import org.apache.kafka.common.record.MutableRecordBatch;
import org.apache.kafka.common.record.RecordBatch;
import org.apache.kafka.common.record.SimpleRecord;
import org.apache.kafka.common.record.TimestampType;

class JavaBatches {
  static final StringBuilder JSON = new StringBuilder("{\n");

  public static void main(String[] args) {
    put("none", written(Compression.NONE));
    put("gzip", written(Compression.gzip().build()));
    put("snappy", written(Compression.snappy().build()));
    put("lz4", written(Compression.lz4().build()));
    put("zstd", written(Compression.zstd().build()));
    ByteBuffer appended = written(Compression.NONE);
    for (MutableRecordBatch batch : MemoryRecords.readableRecords(appended).batches()) {
      batch.setMaxTimestamp(TimestampType.LOG_APPEND_TIME, 1700000009999L);
    }
    put("append-time", appended);
    put("transactional", MemoryRecords.withTransactionalRecords(
        50L, Compression.NONE, 4000L, (short) 3, 2147483640, 0, records()).buffer());
    put("abort", mark(ControlRecordType.ABORT));
    put("commit", mark(ControlRecordType.COMMIT));
    for (byte magic : new byte[] {0, 1}) {
      SimpleRecord record = new SimpleRecord(5L, bytes("k"), bytes("v"));
      put("format-" + magic, MemoryRecords.withRecords(magic, Compression.NONE, record).buffer());
    }
    JSON.setLength(JSON.length() - 2);
    System.out.println(JSON.append("\n}"));
  }

  static SimpleRecord[] records() {
    SimpleRecord[] records = new SimpleRecord[40];
    for (int i = 0; i < records.length; i++) {
      Header[] headers = i % 3 != 0 ? new Header[0] : new Header[] {
        new RecordHeader("mr-op", bytes("+U")), new RecordHeader("none", (byte[]) null)
      };
      String key = i % 5 == 4 ? null : "key-" + (i % 7);
      String note = "ab".repeat(i);
      String json = "{\"order_id\":" + i + ",\"amount_cents\":" + (i * 37 % 1000)
          + ",\"note\":\"" + note + "\"}";
      String value = i % 9 == 8 ? null : i == 7 ? "" : json;
      long time = 1700000000000L + i * 7 - (i % 4) * 100;
      records[i] = new SimpleRecord(time, bytes(key), bytes(value), headers);
    }
    return records;
  }

  static ByteBuffer written(Compression compression) {
    return MemoryRecords.withRecords(RecordBatch.MAGIC_VALUE_V2, 1000L, compression,
        TimestampType.CREATE_TIME, records()).buffer();
  }

  static ByteBuffer mark(ControlRecordType type) {
    return MemoryRecords.withEndTransactionMarker(
        90L, 1700000000000L, 0, 4000L, (short) 3, new EndTransactionMarker(type, 9)).buffer();
  }

  static byte[] bytes(String text) {
    return text == null ? null : text.getBytes(StandardCharsets.UTF_8);
  }

  static void put(String name, ByteBuffer buffer) {
    byte[] batch = new byte[buffer.remaining()];
    buffer.duplicate().get(batch);
    String text = Base64.getEncoder().encodeToString(batch);
    JSON.append("  \"").append(name).append("\": \"").append(text).append("\",\n");
  }
}
