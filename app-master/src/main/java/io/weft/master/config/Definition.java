package io.weft.master.config;

import java.util.Objects;

/** One key of {@code weft-default.xml}; a name ending in ".*" defines every name that begins so. */
public record Definition(String name, SettingType type, String value, String description) {
    public Definition {
        Objects.requireNonNull(name, "name is null");
        Objects.requireNonNull(type, "type is null");
        Objects.requireNonNull(value, "value is null");
        Objects.requireNonNull(description, "description is null");
    }

    boolean isPrefix() {
        return name.endsWith(".*");
    }

    boolean matches(String key) {
        return isPrefix() ? key.startsWith(name.substring(0, name.length() - 1)) : key.equals(name);
    }
}
