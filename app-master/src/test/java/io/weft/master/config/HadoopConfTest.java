package io.weft.master.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weft.runner.protocol.HadoopChanges;
import java.util.List;
import java.util.Map;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.Test;

class HadoopConfTest {
    private final HadoopConf conf = new HadoopConf(Map.of("own.key", "own"));

    @Test
    void aProgramThatDoesNotAskChangesNothing() {
        assertSame(HadoopChanges.NONE, conf.now().changes());
        assertSame(conf.get(), conf.now().configuration());
    }

    @Test
    void tellsWhatDiffersFromTheStartAndGivesEachDifferenceItsOwnVersion() {
        Configuration program = conf.forProgram();
        assertSame(program, conf.forProgram());
        assertSame(HadoopChanges.NONE, conf.now().changes());
        program.set("a", "1");
        program.unset("own.key");
        HadoopConf.Snapshot first = conf.now();
        assertEquals(new HadoopChanges(1, Map.of("a", "1"), List.of("own.key")), first.changes());
        assertSame(first, conf.now());
        program.unset("a");
        program.set("own.key", "own");
        assertEquals(new HadoopChanges(2, Map.of(), List.of()), conf.now().changes());
    }

    @Test
    void aSnapshotAndTheStartStayAsTheyWere() {
        Configuration program = conf.forProgram();
        program.set("a", "1");
        Configuration first = conf.now().configuration();
        program.set("a", "2");
        assertEquals("1", first.get("a"));
        assertEquals("2", conf.now().configuration().get("a"));
        assertNull(conf.get().get("a"));
    }

    @Test
    void refusesWhatContainersCannotBeSent() {
        conf.forProgram().set("large", "x".repeat(2 << 20));
        String message = assertThrows(IllegalArgumentException.class, conf::now).getMessage();
        assertTrue(message.contains("more than 1048576"), message);
    }
}
