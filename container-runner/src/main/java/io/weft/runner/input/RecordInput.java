package io.weft.runner.input;

import io.weft.runner.formats.RecordFormats;
import io.weft.runner.protocol.InputSpec;
import io.weft.runner.protocol.RecordFormat;
import java.io.DataInputStream;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.function.UnaryOperator;
import java.util.zip.CRC32;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.ChecksumException;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.io.DataInputBuffer;
import org.apache.hadoop.io.Writable;
import org.apache.hadoop.io.serializer.Deserializer;
import org.apache.hadoop.io.serializer.SerializationFactory;
import org.apache.hadoop.mapred.JobConf;
import org.apache.hadoop.security.AccessControlException;
import org.apache.hadoop.util.ReflectionUtils;

/**
 * The records of one split of any InputFormat, as a batch stream (shuffle/MAPOUTPUT.md) whose payloads are pickles: Python decodes
 * them in one pass, without knowing of Hadoop.
 */
public final class RecordInput extends GuardedInput {
    private static final int BATCH_BYTES = 512 << 10;
    private static final int BATCH_RECORDS = 8192;
    private static final int HEADER_BYTES = 20;
    private static final byte RECORDS = 1;
    private static final byte COLUMNS = 2;

    private static final Set<String> SEQUENCE_FORMATS = Set.of(
            org.apache.hadoop.mapred.SequenceFileInputFormat.class.getName(),
            org.apache.hadoop.mapreduce.lib.input.SequenceFileInputFormat.class.getName());

    /** A part of a file. */
    private record Range(Path path, long start, long length) {}

    private final InputSpec.Records spec;
    private final Configuration hadoop;
    private final Damage damage;
    private final boolean pairs;
    private final PickleBuffer keys = new PickleBuffer();
    private final PickleBuffer values = new PickleBuffer();
    private PickledRecords source;
    private String path = "";
    private long delivered;
    private boolean ended;

    private RecordInput(InputSpec.Records spec, Configuration hadoop, Damage damage) {
        this.damage = Objects.requireNonNull(damage, "damage is null");
        this.spec = Objects.requireNonNull(spec, "spec is null");
        this.hadoop = Objects.requireNonNull(hadoop, "hadoop is null");
        pairs = spec.format().view() == RecordFormat.View.PAIRS;
    }

    /** The format's reader is opened when the first record is asked for. */
    public static RecordInput open(InputSpec.Records spec, Configuration hadoop, Damage damage) {
        return new RecordInput(spec, hadoop, damage);
    }

    @Override
    Optional<Item> read() throws IOException, RecordFormats.UnusableClassException {
        if (ended) {
            return Optional.empty();
        }
        try {
            if (source == null && !openUndamaged()) {
                return Optional.empty();
            }
            return nextBatch();
        } catch (LinkageError e) {
            throw new IOException("a class that it needs is missing: " + e, e);
        }
    }

    private Optional<Item> nextBatch() throws IOException {
        keys.startList();
        values.startList();
        int count = 0;
        while (count < BATCH_RECORDS && keys.size() + (long) values.size() < BATCH_BYTES) {
            if (!nextUndamaged()) {
                ended = true;
                break;
            }
            count++;
            delivered++;
        }
        if (count == 0) {
            return Optional.empty();
        }
        keys.endList();
        values.endList();
        return Optional.of(new Bytes(batch(count)));
    }

    /** False where the file is damaged and may be left out, which is the end of this. */
    private boolean openUndamaged() throws IOException, RecordFormats.UnusableClassException {
        try {
            openSource();
            return true;
        } catch (IOException e) {
            ended = isLeftOut(e);
            if (!ended) {
                throw e;
            }
            return false;
        }
    }

    private boolean nextUndamaged() throws IOException {
        try {
            return source.next();
        } catch (IOException e) {
            if (!isLeftOut(e)) {
                throw e;
            }
            return false;
        }
    }

    /** As in PySpark, what a format's reader throws as an IOException is damage, unless the file system did. */
    private boolean isLeftOut(IOException e) {
        boolean content = !path.isEmpty()
                && !(e instanceof FileNotFoundException)
                && !(e instanceof AccessControlException)
                && (e instanceof ChecksumException || !TextFiles.isTransport(e));
        return content && damage.isLeftOut(explain(e));
    }

    private ByteBuffer batch(int count) {
        int keyBytes = pairs ? keys.size() : 0;
        long length = keyBytes + (long) values.size();
        CRC32 crc = new CRC32();
        crc.update(keys.array(), keys.start(), keyBytes);
        crc.update(values.array(), values.start(), values.size());
        ByteBuffer batch = ByteBuffer.allocate(Math.toIntExact(HEADER_BYTES + length));
        batch.put(pairs ? COLUMNS : RECORDS).put((byte) 0).putShort((short) 0);
        batch.putInt(count).putInt((int) crc.getValue()).putLong(length);
        batch.put(keys.array(), keys.start(), keyBytes).put(values.array(), values.start(), values.size());
        return batch.flip();
    }

    private void openSource() throws IOException, RecordFormats.UnusableClassException {
        RecordFormat format = spec.format();
        JobConf conf = RecordFormats.configuration(format, hadoop);
        Object split = format.mapreduce()
                ? split(org.apache.hadoop.mapreduce.InputSplit.class, conf)
                : split(org.apache.hadoop.mapred.InputSplit.class, conf);
        Optional<Range> file = Optional.empty();
        if (split instanceof org.apache.hadoop.mapreduce.lib.input.FileSplit part) {
            file = Optional.of(new Range(part.getPath(), part.getStart(), part.getLength()));
        } else if (split instanceof org.apache.hadoop.mapred.FileSplit part) {
            file = Optional.of(new Range(part.getPath(), part.getStart(), part.getLength()));
        }
        path = file.map(Range::path).map(Path::toString).orElse("");
        boolean known = file.isPresent() && file.get().path() != null;
        Optional<PickledRecords> direct = known ? sequence(file.get(), conf) : Optional.empty();
        source = direct.isPresent() ? direct.get() : converted(split, conf);
    }

    /** Records of sequence files that need no objects; empty for all else. */
    private Optional<PickledRecords> sequence(Range file, JobConf conf) throws IOException {
        RecordFormat format = spec.format();
        boolean plain = SEQUENCE_FORMATS.contains(format.name())
                && format.keyConverter().isEmpty()
                && format.valueConverter().isEmpty();
        return plain
                ? SequenceRecords.open(
                        file.path(),
                        file.start(),
                        file.length(),
                        pairs ? Optional.of(keys) : Optional.empty(),
                        values,
                        conf)
                : Optional.empty();
    }

    private PickledRecords converted(Object split, JobConf conf)
            throws IOException, RecordFormats.UnusableClassException {
        RecordFormat format = spec.format();
        var keyColumn = new ConvertedRecords.Column(
                RecordFormats.converter(format.keyConverter(), conf).orElse(UnaryOperator.identity()),
                new Pickling(keys, !pairs));
        var valueColumn = new ConvertedRecords.Column(
                RecordFormats.converter(format.valueConverter(), conf).orElse(UnaryOperator.identity()),
                new Pickling(values, !pairs));
        RecordSource records;
        if (format.mapreduce()) {
            var input = RecordFormats.make(format.name(), org.apache.hadoop.mapreduce.InputFormat.class, conf);
            records = new MapreduceRecords(input, (org.apache.hadoop.mapreduce.InputSplit) split, conf);
        } else {
            var input = RecordFormats.make(format.name(), org.apache.hadoop.mapred.InputFormat.class, conf);
            records = new MapredRecords(input, (org.apache.hadoop.mapred.InputSplit) split, conf);
        }
        return new ConvertedRecords(records, pairs, keyColumn, valueColumn);
    }

    private <T> T split(Class<T> type, Configuration conf) throws IOException, RecordFormats.UnusableClassException {
        Class<? extends T> found = RecordFormats.find(spec.splitClass(), type, conf);
        DataInputBuffer bytes = new DataInputBuffer();
        bytes.reset(spec.split(), spec.split().length);
        if (Writable.class.isAssignableFrom(found)) {
            T split = ReflectionUtils.newInstance(found, conf);
            ((Writable) split).readFields(new DataInputStream(bytes));
            return split;
        }
        @SuppressWarnings("unchecked") // a deserializer makes what it is asked for
        Deserializer<T> reader = (Deserializer<T>) new SerializationFactory(conf).getDeserializer(found);
        reader.open(bytes);
        return reader.deserialize(null);
    }

    @Override
    void release() throws IOException {
        PickledRecords open = source;
        source = null;
        if (open != null) {
            open.close();
        }
    }

    @Override
    InputException explain(Exception e) {
        String what = path.isEmpty() ? "a split of " + spec.format().name() : path;
        if (e instanceof RecordFormats.UnusableClassException) {
            return new InputException(InputException.UNUSABLE, what + " cannot be read: " + e.getMessage(), path, 0, e);
        }
        if (e instanceof FileNotFoundException) {
            return new InputException(InputException.MISSING, what + " does not exist any more", path, 0, e);
        }
        String reason = e.toString().lines().findFirst().orElse("").replaceFirst("^[\\w.$]+Exception: ", "");
        if (e instanceof AccessControlException) {
            return new InputException(InputException.REFUSED, what + " may not be read: " + reason, path, 0, e);
        }
        String message = String.format("%s cannot be read after %,d records: %s", what, delivered, reason);
        if (reason.contains("NoSuchMethodException") && reason.endsWith(".<init>()")) {
            message +=
                    "\nHadoop reads such a class only as one of your own that extends it and has a constructor without parameters.";
        }
        String code = e instanceof RuntimeException ? InputException.DAMAGED : InputException.FAILED;
        return new InputException(code, message, path, 0, e);
    }
}
