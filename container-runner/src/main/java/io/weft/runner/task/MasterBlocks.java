package io.weft.runner.task;

import io.weft.runner.input.BlockReader;
import io.weft.runner.shuffle.BlockClient;
import io.weft.runner.shuffle.BlockStore;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.Optional;

/** The blocks that the ApplicationMaster holds: functions, uploaded data, files. */
public interface MasterBlocks {
    /** All of a block; the caller closes the stream. Fails when there is no such block. */
    InputStream open(String block) throws IOException;

    /** Reads ranges of blocks. */
    BlockReader reader();

    /**
     * The file of a block of the ApplicationMaster's own machine; empty when that is another.
     *
     * @throws BroadcastGoneException when it is this one, and has no such file
     */
    default Optional<Path> file(String block) throws IOException {
        return Optional.empty();
    }

    /** The blocks of an ApplicationMaster in this process. */
    static MasterBlocks inProcess(BlockStore store) {
        return new MasterBlocks() {
            @Override
            public InputStream open(String block) throws IOException {
                long length = store.length(block);
                if (length < 0) {
                    throw new IOException("the ApplicationMaster holds no block " + block);
                }
                return store.open(block, 0, length);
            }

            @Override
            public BlockReader reader() {
                return store::open;
            }

            @Override
            public Optional<Path> file(String block) throws IOException {
                Optional<Path> file = store.file(block);
                if (file.isEmpty()) {
                    throw new BroadcastGoneException(block);
                }
                return file;
            }
        };
    }

    /** The blocks behind the block server at {@code host} and {@code port}. */
    static MasterBlocks remote(BlockClient client, String host, int port) {
        return new MasterBlocks() {
            @Override
            public InputStream open(String block) throws IOException {
                return client.fetchBlock(host, port, block);
            }

            @Override
            public BlockReader reader() {
                return client.reader(host, port);
            }
        };
    }
}
