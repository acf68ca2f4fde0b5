package io.weft.runner.task;

import io.weft.runner.input.BlockReader;
import io.weft.runner.protocol.RunnerCommand;
import io.weft.runner.shuffle.BlockRefusedException;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;

/**
 * Reads a broadcast in pieces, in order, from the runner that the ApplicationMaster has named, which may itself still be reading; from
 * the ApplicationMaster when that runner is gone or stands still. Thread-safe.
 */
public final class BroadcastReader {
    /** Finds the blocks that another runner serves. */
    public interface Peers {
        BlockReader reader(String host, int port);
    }

    /** Hears how many bytes from the beginning are in the file. */
    interface Progress {
        void have(long bytes) throws IOException;
    }

    static final long PIECE_BYTES = 4L << 20;
    private static final int BUFFER_BYTES = 256 << 10;
    private static final long PAUSE_MILLIS = 20;

    private final MasterBlocks master;
    private final Peers peers;
    private final long stallMillis;

    /** {@code stallMillis}: how long a runner may have nothing new before the ApplicationMaster is asked. */
    public BroadcastReader(MasterBlocks master, Peers peers, long stallMillis) {
        this.master = master;
        this.peers = peers;
        this.stallMillis = stallMillis;
    }

    /** Fills {@code file}, going on where what is there ends. */
    void read(RunnerCommand.BroadcastFrom from, FileChannel file, Progress progress) throws IOException {
        String block = RunnerCommand.BroadcastFrom.block(from.broadcast());
        long have = file.size() > from.length() ? 0 : file.size();
        file.truncate(have);
        if (from.port() > 0) {
            have = fromPeer(peers.reader(from.host(), from.port()), block, from.length(), file, have, progress);
        }
        while (have < from.length()) {
            long count = Math.min(PIECE_BYTES, from.length() - have);
            try {
                copy(master.reader().open(block, have, count), count, file, have);
            } catch (BlockRefusedException e) {
                throw e.notFound() ? new BroadcastGoneException(block) : e;
            }
            have += count;
            progress.have(have);
        }
    }

    /** How far it came. */
    private long fromPeer(BlockReader peer, String block, long length, FileChannel file, long begin, Progress progress)
            throws IOException {
        long have = begin;
        long movedNanos = System.nanoTime();
        while (have < length) {
            long count = Math.min(PIECE_BYTES, length - have);
            InputStream piece;
            try {
                piece = peer.open(block, have, count);
            } catch (BlockRefusedException notYet) {
                if (System.nanoTime() - movedNanos > stallMillis * 1_000_000) {
                    return have;
                }
                pause(PAUSE_MILLIS);
                continue;
            } catch (IOException gone) {
                return have;
            }
            try {
                copy(piece, count, file, have);
            } catch (PeerException cut) {
                return have;
            }
            have += count;
            movedNanos = System.nanoTime();
            progress.have(have);
        }
        return have;
    }

    /** The other end's failure, not the disk's. */
    private static final class PeerException extends IOException {
        private static final long serialVersionUID = 1L;

        PeerException(IOException cause) {
            super(cause.getMessage(), cause);
        }
    }

    private static void copy(InputStream piece, long count, FileChannel file, long at) throws IOException {
        try (piece) {
            byte[] buffer = new byte[(int) Math.min(BUFFER_BYTES, count)];
            long done = 0;
            while (done < count) {
                int read = readSome(piece, buffer, (int) Math.min(buffer.length, count - done));
                ByteBuffer bytes = ByteBuffer.wrap(buffer, 0, read);
                while (bytes.hasRemaining()) {
                    done += file.write(bytes, at + done);
                }
            }
        }
    }

    private static int readSome(InputStream piece, byte[] buffer, int wanted) throws PeerException {
        try {
            int read = piece.read(buffer, 0, wanted);
            if (read < 0) {
                throw new EOFException("the piece ends " + wanted + " bytes early");
            }
            return read;
        } catch (IOException e) {
            throw new PeerException(e);
        }
    }

    static void pause(long millis) throws IOException {
        try {
            Thread.sleep(millis);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("the runner is stopping");
        }
    }
}
