package io.weft.master.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.Map;
import java.util.Optional;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ContainerSizesTest {
    private static ContainerSizes of(Map<String, String> settings) throws SettingsException {
        return ContainerSizes.of(settings, UnaryOperator.identity());
    }

    @Test
    void whatNobodySaysIsAsDocumented() throws Exception {
        assertEquals(new ContainerSizes(2, 1, 1, 1024, 384), of(Map.of()));
    }

    @Test
    void theOverheadIsATenthUnlessItIsSaid() throws Exception {
        assertEquals(819, of(Map.of("weft.executor.memory", "8g")).overheadMegabytes());
        assertEquals(
                819,
                of(Map.of("weft.executor.memory", "8g", "weft.executor.memoryOverhead", "0"))
                        .overheadMegabytes());
        assertEquals(
                8192 + 1024,
                of(Map.of("weft.executor.memory", "8192", "weft.executor.memoryOverhead", "1g"))
                        .megabytes());
    }

    @Test
    void aContainerHasAsManySlotsAsItsTasksProcessorsGoIntoIts() throws Exception {
        assertEquals(
                2, of(Map.of("weft.executor.cores", "5", "weft.task.cpus", "2")).slots());
    }

    @Test
    void whereTheNumberFollowsTheWorkFewAreThereAtTheStart() throws Exception {
        Map<String, String> dynamic = Map.of("weft.dynamicAllocation.enabled", "true");
        assertEquals(1, of(dynamic).containers());
        assertEquals(
                3,
                of(Map.of("weft.dynamicAllocation.enabled", "true", "weft.dynamicAllocation.minExecutors", "3"))
                        .containers());
    }

    @ParameterizedTest
    @CsvSource({
        "weft.executor.instances, 0, 'weft.executor.instances 0: a number of at least 1 is needed'",
        "weft.executor.cores, many, 'weft.executor.cores many: a number of at least 1 is needed'",
        "weft.executor.memory, much, 'weft.executor.memory much: a size such as 512m or 4g is needed'",
        "weft.executor.memoryOverhead, -1, 'weft.executor.memoryOverhead -1: a size such as 512m or 4g is needed'",
        "weft.task.cpus, 2, 'weft.task.cpus is 2, and each container has 1 processor (weft.executor.cores): no task"
                + " could run there'",
    })
    void whatCannotBeIsRefusedInOneLine(String name, String value, String message) {
        SettingsException wrong = assertThrows(SettingsException.class, () -> of(Map.of(name, value)));
        assertEquals(message, wrong.getMessage());
    }

    @Test
    void whatTheClusterNeverGrantsIsRefusedWithWhatItWould() throws Exception {
        LargestContainer largest = new LargestContainer(8192, 4);
        ContainerSizes large = of(Map.of("weft.executor.memory", "9g"));
        assertEquals(
                Optional.of("Asked: 9.9 GiB, 1 vcore. The largest container this cluster grants is 8 GiB, 4 vcores"
                        + " (yarn.scheduler.maximum-allocation-mb). Not done. Lower --memory to 7447m."),
                largest.refuses(large, "Not done.", name -> "--memory"));
        ContainerSizes wide = of(Map.of("weft.executor.cores", "5"));
        assertEquals(
                Optional.of("Asked: 1.4 GiB, 5 vcores. The largest container this cluster grants is 8 GiB, 4 vcores"
                        + " (yarn.scheduler.maximum-allocation-vcores). Not done. Lower weft.executor.cores to 4."),
                largest.refuses(wide, "Not done.", UnaryOperator.identity()));
        assertEquals(Optional.empty(), largest.refuses(of(Map.of()), "Not done.", UnaryOperator.identity()));
    }
}
