package io.weft.runner.task;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weft.runner.protocol.FailureKind;
import io.weft.runner.protocol.TaskFailure;
import io.weft.runner.worker.WorkerExit;
import java.util.List;
import org.junit.jupiter.api.Test;

final class FaultReportTest {
    private static final List<String> REPORT = List.of(
            "something of the user's",
            "Fatal Python error: Segmentation fault",
            "",
            "Thread 0x00007f1 (most recent call first):",
            "  File \"/usr/lib/python3.11/threading.py\", line 324 in wait",
            "",
            "Current thread 0x00007f2 (most recent call first):",
            "  File \"/home/u/etl.py\", line 61 in decode",
            "  File \"/home/u/etl.py\", line 70 in <lambda>",
            "  File \"/opt/weft/python/weft/_worker/main.py\", line 110 in _task",
            "",
            "Extension modules: numpy.core._multiarray_umath (total: 1)");

    @Test
    void findsTheThreadThatCrashed() {
        FaultReport report = FaultReport.in(REPORT);
        assertEquals("etl.py:61 in decode", report.last().orElseThrow().toString());
        assertEquals(2, report.frames().size(), "Weft's own frames are left out");
        assertTrue(report.text().startsWith("Fatal Python error"));
        assertEquals("<lambda>", report.framesJson().get(0).path("name").asText(), "outermost first");
    }

    @Test
    void findsNothingWhereNothingIs() {
        assertTrue(FaultReport.in(List.of("Traceback", "  File \"a.py\", line 1 in b"))
                .last()
                .isEmpty());
        assertTrue(FaultReport.in(List.of()).last().isEmpty());
    }

    @Test
    void namesSignalAndPlace() {
        TaskFailure failure = died(-11, "", REPORT);
        assertEquals(
                "The Python worker of stage 2 task 17 died by SIGSEGV (native modules loaded:"
                        + " numpy.core._multiarray_umath); the last Python line was etl.py:61 in decode",
                failure.summary());
        assertEquals("E08", failure.code());
        assertEquals(FailureKind.USER, failure.kind());
    }

    @Test
    void namesTheStepWhereNoLineIsKnown() {
        TaskFailure failure = died(-9, "map etl.py:3", List.of());
        assertEquals(
                "The Python worker of stage 2 task 17 was killed from outside (SIGKILL); its last step was map etl.py:3\n"
                        + "The kernel does so when the machine has no memory left: give fewer slots, or more partitions.",
                failure.summary());
    }

    @Test
    void namesTheLibraryWhoseCodeRan() {
        List<String> report = List.of(
                "Weft fault: native code of /v/lib/python3.11/site-packages/numpy/_core/_umath.cpython-311-x86_64-linux-gnu.so",
                "Fatal Python error: Segmentation fault",
                "",
                "Current thread 0x00007f2 (most recent call first):",
                "  File \"/usr/lib/python3.11/functools.py\", line 9 in wrapper",
                "  File \"etl.py\", line 61 in decode",
                "  File \"/opt/weft/python/weft/_batches.py\", line 127 in dump_records");
        assertEquals(
                "The Python worker of stage 2 task 17 died by SIGSEGV in numpy/_core/_umath (native code);"
                        + " the last Python line was etl.py:61 in decode",
                died(-11, "", report).summary());
        assertEquals(2, FaultReport.in(report).frames().size(), "Weft's own frames are left out");
        assertEquals(report, FaultReport.in(report).text().lines().toList());
    }

    private static TaskFailure died(int status, String step, List<String> said) {
        return Failures.died("stage 2 task 17", new WorkerExit.Status(status), step, said, FaultReport.in(said));
    }

    @Test
    void showsSizesAsPeopleWriteThem() {
        assertEquals("3.1 GiB", Failures.size(3_328_599_654L));
        assertEquals("812 MiB", Failures.size(812L << 20));
    }
}
