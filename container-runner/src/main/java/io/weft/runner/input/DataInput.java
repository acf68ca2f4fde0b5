package io.weft.runner.input;

import io.weft.runner.protocol.InputSpec;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.util.Objects;
import java.util.Optional;

/** A byte range of an uploaded block, in pieces of at most 1 MiB; opened when the first piece is asked for. */
public final class DataInput implements InputSource {
    static final int PIECE_BYTES = 1 << 20;

    private final InputSpec.Data spec;
    private final BlockReader reader;
    private final byte[] piece;
    /** Bytes not yet delivered. */
    private long left;

    private volatile boolean closed;
    private volatile InputStream stream;

    private DataInput(InputSpec.Data spec, BlockReader reader) {
        this.spec = Objects.requireNonNull(spec, "spec is null");
        this.reader = Objects.requireNonNull(reader, "reader is null");
        this.left = spec.length();
        this.piece = new byte[(int) Math.min(PIECE_BYTES, Math.max(1, left))];
    }

    public static DataInput open(InputSpec.Data spec, BlockReader reader) {
        return new DataInput(spec, reader);
    }

    @Override
    public Optional<Item> next() throws IOException {
        if (left == 0 || closed) {
            return Optional.empty();
        }
        int wanted = (int) Math.min(piece.length, left);
        try {
            if (stream == null) {
                stream = reader.open(spec.block(), spec.offset(), spec.length());
                if (closed) {
                    stream.close();
                    return Optional.empty();
                }
            }
            int read = stream.readNBytes(piece, 0, wanted);
            if (read < wanted) {
                throw new IOException("it ends after " + read + " of " + wanted + " bytes");
            }
        } catch (IOException e) {
            long at = spec.offset() + spec.length() - left;
            String message = "block " + spec.block() + " of the ApplicationMaster cannot be read at byte " + at + ": "
                    + e.getMessage();
            throw new InputException(InputException.FAILED, message, spec.block(), at, e);
        }
        left -= wanted;
        return Optional.of(new Bytes(ByteBuffer.wrap(piece, 0, wanted)));
    }

    @Override
    public void close() throws IOException {
        closed = true;
        InputStream open = stream;
        if (open != null) {
            open.close();
        }
    }
}
