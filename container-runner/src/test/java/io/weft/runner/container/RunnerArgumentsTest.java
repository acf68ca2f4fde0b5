package io.weft.runner.container;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

class RunnerArgumentsTest {
    /** As a NodeManager of Hadoop 3.5.0 put it into a container's environment, with mapreduce.shuffle.port=15048. */
    private static final String FROM_NODE_MANAGER = "AAA6yAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";

    @Test
    void thePortOfTheShuffleServiceIsReadThoughZerosFollowIt() {
        assertEquals(15048, RunnerArguments.servicePort(FROM_NODE_MANAGER));
    }

    @Test
    void fourBytesAloneAreAPortToo() {
        assertEquals(15048, RunnerArguments.servicePort("AAA6yA=="));
    }

    @Test
    void aNodeWithoutTheServiceGivesNoPort() {
        assertEquals(0, RunnerArguments.servicePort(null));
        assertEquals(0, RunnerArguments.servicePort(""));
    }
}
