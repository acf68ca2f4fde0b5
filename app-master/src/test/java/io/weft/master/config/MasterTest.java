package io.weft.master.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class MasterTest {
    @Test
    void understandsEveryMasterString() throws Exception {
        assertEquals(new Master.Local(1, OptionalInt.empty()), Master.parse("local", 8));
        assertEquals(new Master.Local(3, OptionalInt.empty()), Master.parse("local[3]", 8));
        assertEquals(new Master.Local(8, OptionalInt.empty()), Master.parse("local[*]", 8));
        assertEquals(new Master.Local(2, OptionalInt.of(4)), Master.parse(" local[2, 4] ", 8));
        assertEquals(new Master.LocalCluster(2, 3, 1024L << 20), Master.parse("local-cluster[2,3,1024]", 8));
        assertEquals(new Master.Yarn(), Master.parse("yarn", 8));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"spark://host:7077", "local[0]", "local[two]", "local[2,0]", "local-cluster[1,0,64]", "k8s", ""})
    void refusesWhatWeftDoesNotRunOn(String text) {
        SettingsException error = assertThrows(SettingsException.class, () -> Master.parse(text, 8));
        assertEquals(text + ": Weft runs on YARN, local[N] and local-cluster[C,S,MB] only.", error.getMessage());
    }
}
