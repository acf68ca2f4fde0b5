package io.weft.runner.protocol;

import com.esotericsoftware.kryo.kryo5.Kryo;
import com.esotericsoftware.kryo.kryo5.KryoException;
import com.esotericsoftware.kryo.kryo5.Serializer;
import com.esotericsoftware.kryo.kryo5.io.Input;
import com.esotericsoftware.kryo.kryo5.io.Output;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Messages to bytes and back, by Kryo with required registration. Class numbers are given by {@link #CLASSES}' order, so
 * entries are only ever appended. Every length is checked against the bytes that are left before anything is allocated: a
 * short message cannot claim two billion elements. One instance serves one thread at a time; {@link #encode} and
 * {@link #decode} are synchronized.
 */
public final class MessageCodec {
    /** A longer message is refused before it is read. */
    public static final int MAX_MESSAGE_BYTES = 64 << 20;

    private static final List<Class<?>> CLASSES = List.of(
            Link.Register.class,
            Link.Report.class,
            Link.Poll.class,
            Link.Ack.class,
            Link.Commands.class,
            TaskAttemptId.class,
            MapOutputId.class,
            MapOutput.class,
            InputSpec.Text.class,
            InputSpec.FileRange.class,
            InputSpec.Data.class,
            InputSpec.Shuffle.class,
            OutputSpec.Result.class,
            OutputSpec.None.class,
            OutputSpec.MapOutputFile.class,
            OutputSpec.TextFile.class,
            TaskSpec.class,
            TaskStats.class,
            OutputSpec.Parts.class,
            RunnerEvent.RecordsRejected.class,
            FailureKind.class,
            TaskFailure.class,
            ResultRef.class,
            RunnerEvent.TaskSucceeded.class,
            RunnerEvent.TaskFailed.class,
            RunnerEvent.TaskCancelled.class,
            RunnerEvent.FetchFailed.class,
            RunnerEvent.CommitWanted.class,
            RunnerEvent.WorkerRegistered.class,
            RunnerEvent.Printed.class,
            RunnerCommand.Launch.class,
            RunnerCommand.Cancel.class,
            RunnerCommand.GrantCommit.class,
            RunnerCommand.DenyCommit.class,
            RunnerCommand.ShuffleOutputs.class,
            RunnerCommand.DropShuffle.class,
            RunnerCommand.ReleaseBlock.class,
            RunnerCommand.AddFile.class,
            RunnerCommand.Shutdown.class,
            InputSpec.Cached.class,
            RunnerEvent.PartitionsKept.class,
            RunnerCommand.DropKept.class,
            RunnerEvent.BroadcastWanted.class,
            RunnerCommand.BroadcastFrom.class,
            RunnerCommand.DropBroadcast.class,
            InputSpec.Raw.class,
            RecordFormat.class,
            RecordFormat.View.class,
            InputSpec.Records.class,
            OutputSpec.Records.class,
            RunnerCommand.CopyKept.class,
            RunnerEvent.KeptCopied.class,
            HadoopChanges.class,
            RunnerCommand.HadoopSettings.class,
            RunnerEvent.FilesLeftOut.class,
            RunnerEvent.BarrierReached.class,
            RunnerCommand.BarrierPassed.class,
            RunnerCommand.BarrierRefused.class);

    private final Kryo kryo;
    private final Output output = new Output(4096, MAX_MESSAGE_BYTES);

    public MessageCodec() {
        kryo = new Kryo();
        kryo.setRegistrationRequired(true);
        kryo.setReferences(false);
        kryo.register(String.class, new Strings());
        kryo.register(byte[].class, new Bytes());
        kryo.register(List.of().getClass(), new Lists());
        kryo.register(List.of(1).getClass(), new Lists());
        kryo.register(Map.of().getClass(), new Maps());
        kryo.register(Map.of(1, 1).getClass(), new Maps());
        kryo.register(Optional.class, new Optionals());
        CLASSES.forEach(kryo::register);
    }

    /** Shape: any registered message to its bytes. */
    public synchronized byte[] encode(Object message) {
        output.reset();
        kryo.writeClassAndObject(output, message);
        return output.toBytes();
    }

    /** The message in {@code bytes}, which must be of {@code type} and fill them. */
    public synchronized <T> T decode(byte[] bytes, Class<T> type) {
        if (bytes.length > MAX_MESSAGE_BYTES) {
            throw new ProtocolException("message of " + bytes.length + " bytes; the limit is " + MAX_MESSAGE_BYTES);
        }
        Object message;
        Input input = new Input(bytes);
        try {
            message = kryo.readClassAndObject(input);
        } catch (RuntimeException e) {
            throw new ProtocolException(
                    "unreadable " + type.getSimpleName() + " of " + bytes.length + " bytes: " + e, e);
        }
        if (!type.isInstance(message) || input.position() != bytes.length) {
            throw new ProtocolException("expected one " + type.getSimpleName() + ", got "
                    + (message == null ? "nothing" : message.getClass().getSimpleName()) + " and "
                    + (bytes.length - input.position()) + " bytes more");
        }
        return type.cast(message);
    }

    /** Refuses a length that the rest of the message cannot hold: everything takes at least one byte. */
    private static int readLength(Input input) {
        int length = input.readVarInt(true);
        if (length < 0 || length > input.limit() - input.position()) {
            throw new KryoException("length " + length + " but " + (input.limit() - input.position()) + " bytes left");
        }
        return length;
    }

    private static final class Strings extends Serializer<String> {
        Strings() {
            super(false, true);
        }

        @Override
        public void write(Kryo kryo, Output output, String value) {
            byte[] bytes = value.getBytes(java.nio.charset.StandardCharsets.UTF_8);
            output.writeVarInt(bytes.length, true);
            output.writeBytes(bytes);
        }

        @Override
        public String read(Kryo kryo, Input input, Class<? extends String> type) {
            return new String(input.readBytes(readLength(input)), java.nio.charset.StandardCharsets.UTF_8);
        }
    }

    private static final class Bytes extends Serializer<byte[]> {
        @Override
        public void write(Kryo kryo, Output output, byte[] value) {
            output.writeVarInt(value.length, true);
            output.writeBytes(value);
        }

        @Override
        public byte[] read(Kryo kryo, Input input, Class<? extends byte[]> type) {
            return input.readBytes(readLength(input));
        }
    }

    private static final class Lists extends Serializer<List<?>> {
        @Override
        public void write(Kryo kryo, Output output, List<?> value) {
            output.writeVarInt(value.size(), true);
            value.forEach(element -> kryo.writeClassAndObject(output, element));
        }

        @Override
        public List<?> read(Kryo kryo, Input input, Class<? extends List<?>> type) {
            Object[] elements = new Object[readLength(input)];
            for (int i = 0; i < elements.length; i++) {
                elements[i] = kryo.readClassAndObject(input);
            }
            return List.of(elements);
        }
    }

    private static final class Maps extends Serializer<Map<?, ?>> {
        @Override
        public void write(Kryo kryo, Output output, Map<?, ?> value) {
            output.writeVarInt(value.size(), true);
            value.forEach((key, element) -> {
                kryo.writeClassAndObject(output, key);
                kryo.writeClassAndObject(output, element);
            });
        }

        @Override
        public Map<?, ?> read(Kryo kryo, Input input, Class<? extends Map<?, ?>> type) {
            Map.Entry<?, ?>[] entries = new Map.Entry<?, ?>[readLength(input)];
            for (int i = 0; i < entries.length; i++) {
                entries[i] = Map.entry(kryo.readClassAndObject(input), kryo.readClassAndObject(input));
            }
            return Map.ofEntries(entries);
        }
    }

    private static final class Optionals extends Serializer<Optional<?>> {
        @Override
        public void write(Kryo kryo, Output output, Optional<?> value) {
            kryo.writeClassAndObject(output, value.orElse(null));
        }

        @Override
        public Optional<?> read(Kryo kryo, Input input, Class<? extends Optional<?>> type) {
            return Optional.ofNullable(kryo.readClassAndObject(input));
        }
    }
}
