package io.weft.runner.output;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.function.UnaryOperator;
import java.util.zip.CRC32;

/** Takes a batch stream of marshalled columns (shuffle/MAPOUTPUT.md, kind 5) as it comes, in pieces, and gives out its pairs. */
final class RecordBatches {
    /** Takes one pair. */
    interface PairSink {
        void accept(Object key, Object value) throws IOException, InterruptedException;
    }

    private static final int HEADER_BYTES = 20;
    private static final int LENGTH_AT = 12;
    private static final byte MARSHAL_COLUMNS = 5;

    private final UnaryOperator<Object> keyConverter;
    private final UnaryOperator<Object> valueConverter;
    private final Values keys;
    private final Values values;
    private final ByteBuffer header = ByteBuffer.allocate(HEADER_BYTES);
    /** The payload that comes, once its header is complete. */
    private ByteBuffer payload;

    /** Without a converter a column becomes Writables. */
    RecordBatches(UnaryOperator<Object> keyConverter, UnaryOperator<Object> valueConverter) {
        keys = keyConverter == null ? new WritableValues() : new JavaValues();
        values = valueConverter == null ? new WritableValues() : new JavaValues();
        this.keyConverter = keyConverter == null ? UnaryOperator.identity() : keyConverter;
        this.valueConverter = valueConverter == null ? UnaryOperator.identity() : valueConverter;
    }

    /** Takes all of {@code data}, which may start and end within a batch. */
    void take(ByteBuffer data, PairSink sink) throws IOException, InterruptedException {
        while (data.hasRemaining()) {
            move(data, payload == null ? header : payload);
            if (payload == null && !header.hasRemaining()) {
                long length = header.getLong(LENGTH_AT);
                if (header.get(0) != MARSHAL_COLUMNS || length < 0 || length > Integer.MAX_VALUE - 16) {
                    throw new IOException("a batch of kind " + header.get(0) + " and " + length + " bytes came");
                }
                payload = ByteBuffer.allocate((int) length);
            }
            if (payload != null && !payload.hasRemaining()) {
                give(payload.flip(), sink);
                payload = null;
                header.clear();
            }
        }
    }

    /** Whether the last batch is complete. */
    boolean isComplete() {
        return payload == null && header.position() == 0;
    }

    private static void move(ByteBuffer from, ByteBuffer to) {
        int count = Math.min(from.remaining(), to.remaining());
        to.put(from.slice(from.position(), count));
        from.position(from.position() + count);
    }

    private void give(ByteBuffer batch, PairSink sink) throws IOException, InterruptedException {
        CRC32 crc = new CRC32();
        crc.update(batch.array(), 0, batch.limit());
        if ((int) crc.getValue() != header.getInt(LENGTH_AT - Integer.BYTES)) {
            throw new IOException("a batch of " + batch.limit() + " bytes does not have its checksum");
        }
        MarshalReader reader = new MarshalReader(batch);
        Object[] keyColumn = reader.list(keys);
        Object[] valueColumn = reader.list(values);
        for (int at = 0; at < keyColumn.length; at++) {
            sink.accept(keyConverter.apply(keyColumn[at]), valueConverter.apply(valueColumn[at]));
        }
    }
}
