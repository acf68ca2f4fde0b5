package io.weft.master.app;

import java.util.Objects;

/** The driver's interpreter, and the executable that workers were told to run. */
public record DriverPython(Interpreter interpreter, String executable) {
    public DriverPython {
        Objects.requireNonNull(interpreter, "interpreter is null");
        Objects.requireNonNull(executable, "executable is null");
    }
}
