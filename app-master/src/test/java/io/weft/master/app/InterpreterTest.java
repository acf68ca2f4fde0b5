package io.weft.master.app;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class InterpreterTest {
    private final Interpreter driver = new Interpreter("cpython", "3.11.7", "siphash13");

    @Test
    void patchVersionsWorkTogether() {
        assertEquals("", driver.conflict(new Interpreter("cpython", "3.11.2", "siphash13")));
    }

    @Test
    void otherMinorVersionsAndImplementationsDoNot() {
        assertEquals(
                "functions cannot be exchanged", driver.conflict(new Interpreter("cpython", "3.9.18", "siphash13")));
        assertEquals("functions cannot be exchanged", driver.conflict(new Interpreter("pypy", "3.11.7", "siphash13")));
    }

    @Test
    void otherHashesDoNot() {
        assertTrue(driver.conflict(new Interpreter("cpython", "3.11.7", "fnv")).contains("siphash13, fnv"));
    }

    @Test
    void hashesAreComparedAsFarAsBothTell() {
        Interpreter worker = new Interpreter("cpython", "3.11.7", "siphash13/64/0");
        assertEquals("", driver.conflict(worker));
        assertTrue(worker.conflict(new Interpreter("cpython", "3.11.7", "siphash13/64/1"))
                .contains("hashes differ"));
    }

    @Test
    void whatIsNotKnownIsNoConflict() {
        assertEquals("", new Interpreter("", "", "").conflict(driver));
    }
}
