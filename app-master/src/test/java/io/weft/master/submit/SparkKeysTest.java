package io.weft.master.submit;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class SparkKeysTest {
    private final SparkKeys keys = SparkKeys.load();

    @Test
    void aSettingOfSparksIsWeftsByItsOtherName() {
        keys.put("spark.task.maxFailures", "7");
        keys.put("spark.executorEnv.TZ", "UTC");
        keys.put("spark.yarn.appMasterEnv.LANG", "C");
        assertEquals(
                Map.of("weft.task.maxFailures", "7", "weft.env.TZ", "UTC", "weft.driver.env.LANG", "C"), keys.weft());
        assertEquals(3, keys.kept().size());
    }

    @Test
    void weftsOwnNameWinsWhicheverComesFirst() {
        keys.put("weft.task.maxFailures", "1");
        keys.put("spark.task.maxFailures", "7");
        assertEquals(Map.of("weft.task.maxFailures", "1"), keys.weft());
        SparkKeys other = SparkKeys.load();
        other.put("spark.task.maxFailures", "7");
        other.put("weft.task.maxFailures", "1");
        assertEquals(Map.of("weft.task.maxFailures", "1"), other.weft());
    }

    @Test
    void anOptionIsSaidByItselfElseBySparksSettingElseByItsDefault() {
        assertEquals("1g", keys.option("--driver-memory", null, "1g"));
        keys.put("spark.driver.memory", "2g");
        assertEquals("2g", keys.option("--driver-memory", null, "1g"));
        assertEquals("3g", keys.option("--driver-memory", "3g", "1g"));
    }

    @Test
    void listsOfTheSameOptionAreJoined() {
        keys.put("spark.submit.pyFiles", "a.zip, b.py");
        keys.put("spark.yarn.dist.pyFiles", "c.py");
        assertEquals(List.of("d.py", "a.zip", "b.py", "c.py"), keys.list("--py-files", List.of("d.py")));
        assertEquals(List.of(), keys.list("--archives", List.of()));
    }

    @Test
    void hadoopsSettingsAreHadoops() {
        keys.put("spark.hadoop.dfs.replication", "1");
        assertEquals(Map.of("dfs.replication", "1"), keys.hadoop());
        assertEquals(Map.of(), keys.weft());
    }

    @Test
    void theProgramsOwnSettingsAreKeptAndMeanNothingHere() {
        keys.put("etl.day", "2024-05-01");
        assertEquals(Map.of("etl.day", "2024-05-01"), keys.kept());
        assertEquals(Map.of(), keys.weft());
        assertEquals(Map.of(), keys.hadoop());
    }

    @Test
    void numbersAreInTheUnitThatSparkTakesThemInAndWordsInSmallLetters() {
        SparkKeys keys = SparkKeys.load();
        keys.put("spark.executor.memoryOverhead", "512");
        keys.put("spark.dynamicAllocation.executorIdleTimeout", "60");
        keys.put("spark.dynamicAllocation.schedulerBacklogTimeout", "100ms");
        keys.put("spark.files.ignoreCorruptFiles", "True");
        keys.put("spark.hadoop.validateOutputSpecs", "FALSE");
        keys.put("spark.hadoop.some.key", "True");
        keys.put("spark.executorEnv.FLAG", "7");
        assertEquals(
                Map.of(
                        "weft.executor.memoryOverhead", "512m",
                        "weft.dynamicAllocation.executorIdleTimeout", "60s",
                        "weft.dynamicAllocation.schedulerBacklogTimeout", "100ms",
                        "weft.files.ignoreCorrupt", "true",
                        "weft.output.validate", "false",
                        "weft.env.FLAG", "7"),
                keys.weft());
        assertEquals(Map.of("some.key", "True"), keys.hadoop());
    }
}
