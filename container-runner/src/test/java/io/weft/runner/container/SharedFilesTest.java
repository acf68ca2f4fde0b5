package io.weft.runner.container;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weft.runner.protocol.ProtocolException;
import io.weft.runner.protocol.RunnerCommand;
import io.weft.runner.shuffle.BlockStore;
import io.weft.runner.task.MasterBlocks;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CompletionException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class SharedFilesTest {
    @TempDir
    Path folder;

    private BlockStore master;
    private SharedFiles files;

    @BeforeEach
    void start() throws Exception {
        master = new BlockStore(folder.resolve("blocks"), 1 << 20);
        files = new SharedFiles(
                MasterBlocks.inProcess(master), Files.createDirectory(folder.resolve("files")), Runnable::run);
    }

    @AfterEach
    void end() {
        master.close();
    }

    @Test
    void theLastFileOfANameWins() throws Exception {
        master.put("b1", new byte[] {'1'});
        master.put("b2", new byte[] {'2'});
        files.add(new RunnerCommand.AddFile("a.py", "b1", true));
        files.add(new RunnerCommand.AddFile("a.py", "b2", true));
        files.ready().join();
        assertEquals("2", Files.readString(folder.resolve("files/a.py")));
    }

    @Test
    void refusesNamesThatLeaveTheFolder() {
        for (String name : new String[] {"", "../x", "/etc/x", "a/b", "..", ".hidden"}) {
            assertThrows(ProtocolException.class, () -> files.add(new RunnerCommand.AddFile(name, "b", false)), name);
        }
    }

    @Test
    void leavesNoPartOfAFileThatCannotBeFetched() throws Exception {
        files.add(new RunnerCommand.AddFile("a.zip", "missing", true));
        CompletionException e =
                assertThrows(CompletionException.class, () -> files.ready().join());
        assertTrue(e.getCause().getMessage().startsWith("a.zip: "), e.getMessage());
        try (var left = Files.list(folder.resolve("files"))) {
            assertEquals(0, left.count());
        }
    }
}
