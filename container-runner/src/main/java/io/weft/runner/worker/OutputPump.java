package io.weft.runner.worker;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedSelectorException;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.util.List;
import java.util.function.Consumer;

/**
 * One thread that reads what all workers of a runner print. A source may also be drained by the thread that ends its task:
 * what the worker wrote before its last frame is then read before the task is reported, whoever reads it.
 */
final class OutputPump implements AutoCloseable {
    private static final int BUFFER_BYTES = 32 * 1024;

    private final Selector selector;

    OutputPump() throws IOException {
        selector = Selector.open();
        Thread thread = new Thread(this::pumpUntilClosed, "weft-printed");
        thread.setDaemon(true);
        thread.start();
    }

    /** Starts reading {@code channel}, which becomes the pump's; lines go to {@code lines}. */
    Source add(SocketChannel channel, Consumer<List<String>> lines) throws IOException {
        channel.configureBlocking(false);
        Source source = new Source(channel, lines);
        channel.register(selector, SelectionKey.OP_READ, source);
        selector.wakeup();
        return source;
    }

    /** Ends the thread; sources are closed by their owners. */
    @Override
    public void close() throws IOException {
        selector.close();
    }

    private void pumpUntilClosed() {
        try {
            while (selector.isOpen()) {
                selector.select(key -> ((Source) key.attachment()).readAvailable());
            }
        } catch (ClosedSelectorException e) {
            // closed: the end of this thread
        } catch (IOException e) {
            throw new UncheckedIOException("cannot wait for what workers print", e);
        }
    }

    /** One standard output or standard error of one worker. */
    static final class Source {
        private final SocketChannel channel;
        private final Consumer<List<String>> lines;
        private final LineSplitter splitter = new LineSplitter();
        private final ByteBuffer buffer = ByteBuffer.allocate(BUFFER_BYTES);

        private Source(SocketChannel channel, Consumer<List<String>> lines) {
            this.channel = channel;
            this.lines = lines;
        }

        /** Reads what is there without waiting, and a last line without its end too. */
        synchronized void drain() {
            readAvailable();
            emit(splitter.flush());
        }

        synchronized void close() {
            drain();
            closeChannel();
        }

        private synchronized void readAvailable() {
            try {
                while (channel.isOpen()) {
                    buffer.clear();
                    int read = channel.read(buffer);
                    if (read < 0) {
                        closeChannel();
                    }
                    if (read <= 0) {
                        return;
                    }
                    emit(splitter.feed(buffer.flip()));
                }
            } catch (IOException e) {
                closeChannel();
            }
        }

        private void emit(List<String> complete) {
            if (!complete.isEmpty()) {
                lines.accept(complete);
            }
        }

        private void closeChannel() {
            try {
                channel.close();
            } catch (IOException e) {
                // nothing is lost: all that could be read has been
            }
        }
    }
}
