package io.weft.master.config;

import java.util.List;

/** Settings that are unknown or have an unusable value: all of them, a line each (E17). */
public final class SettingsException extends Exception {
    private static final long serialVersionUID = 1L;

    public SettingsException(List<String> problems) {
        super(String.join("\n", problems));
    }
}
