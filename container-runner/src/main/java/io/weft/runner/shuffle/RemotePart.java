package io.weft.runner.shuffle;

import io.weft.runner.protocol.MapOutput;
import java.io.Closeable;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.util.concurrent.TimeUnit;

/**
 * One part as a stream from elsewhere: from the block server of the runner that made it, else from the node's mapreduce_shuffle. A
 * connection that breaks is replaced, and what was read already is skipped, since a map output never changes. One thread reads, any may
 * close.
 */
final class RemotePart implements Closeable {
    private static final int ATTEMPTS = 3;
    private static final long FIRST_PAUSE_MILLIS = 200;

    private final ShuffleReader reader;
    private final MapOutput output;
    private final Part part;
    /** Bytes given out so far. */
    private long given;

    private long length;
    private int failures;
    private InputStream stream;
    private volatile boolean closed;

    RemotePart(ShuffleReader reader, MapOutput output, Part part) {
        this.reader = reader;
        this.output = output;
        this.part = part;
    }

    Part part() {
        return part;
    }

    /** Connects; gives the length in bytes. Throws when the part can be had from nowhere, saying why. */
    long open() throws IOException {
        connect();
        return length;
    }

    /** Reads until {@code count} bytes are there or the part ends; returns how many. */
    int read(byte[] bytes, int count) throws IOException {
        int filled = 0;
        while (filled < count && given < length) {
            try {
                int read = stream.read(bytes, filled, (int) Math.min(count - filled, length - given));
                if (read < 0) {
                    throw new EOFException("it ends " + (length - given) + " bytes early");
                }
                filled += read;
                given += read;
            } catch (IOException e) {
                reconnect(e);
            }
        }
        return filled;
    }

    @Override
    public void close() throws IOException {
        closed = true;
        InputStream open;
        synchronized (this) {
            open = stream;
        }
        if (open != null) {
            open.close();
        }
    }

    private void reconnect(IOException cause) throws IOException {
        failures++;
        if (closed || failures >= ATTEMPTS) {
            throw cause;
        }
        stream.close();
        pause();
        connect();
        for (long skipped = 0; skipped < given; ) {
            long now = stream.skip(given - skipped);
            if (now <= 0) {
                throw new EOFException("it ended before byte " + given + " when it was fetched again");
            }
            skipped += now;
        }
    }

    private void connect() throws IOException {
        InputStream opened = openStream();
        synchronized (this) {
            stream = opened;
        }
        if (closed) {
            opened.close();
            throw new IOException("the input was closed");
        }
    }

    private InputStream openStream() throws IOException {
        IOException fromServer = new IOException("there is no block server for " + output.runner());
        if (output.blockPort() > 0 && reader.isAvoided(output)) {
            fromServer = new IOException(
                    "block server " + ShuffleReader.address(output) + " could not be reached a moment ago");
        } else if (output.blockPort() > 0) {
            try {
                return openAtServer();
            } catch (IOException e) {
                fromServer = e;
            }
        }
        if (reader.service().isEmpty() || output.shufflePort() == 0) {
            throw fromServer;
        }
        try {
            ServiceClient.Stream served = reader.service()
                    .get()
                    .open(output.host(), output.shufflePort(), output.id().folder(), part.from(), part.to());
            length = served.length();
            return served;
        } catch (IOException e) {
            e.addSuppressed(fromServer);
            throw e;
        }
    }

    private InputStream openAtServer() throws IOException {
        while (true) {
            try {
                BlockClient.Body body = reader.client()
                        .fetchMapOutput(
                                output.host(), output.blockPort(), output.id().folder(), part.from(), part.to());
                length = body.length();
                return body;
            } catch (BlockRefusedException e) {
                throw e;
            } catch (IOException e) {
                failures++;
                if (failures >= ATTEMPTS) {
                    reader.avoid(output);
                }
                if (closed || reader.isAvoided(output)) {
                    throw e;
                }
                pause();
            }
        }
    }

    private void pause() throws IOException {
        try {
            TimeUnit.MILLISECONDS.sleep(FIRST_PAUSE_MILLIS << (2 * Math.min(failures - 1, 3)));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("fetching was interrupted", e);
        }
    }
}
