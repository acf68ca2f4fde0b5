package io.weft.master.config;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Checked values of all keys, defaults included. Immutable. */
public final class Settings {
    private final Map<String, String> values;
    private final Map<String, String> set;

    Settings(Map<String, String> values, Map<String, String> set) {
        this.values = Map.copyOf(values);
        this.set = new LinkedHashMap<>(set);
    }

    public String string(String key) {
        String value = values.get(key);
        if (value == null) {
            throw new IllegalArgumentException(key + " is not in weft-default.xml");
        }
        return value;
    }

    public int integer(String key) {
        return Integer.parseInt(string(key));
    }

    /** A decimal fraction. */
    public double number(String key) {
        return Double.parseDouble(string(key));
    }

    public boolean flag(String key) {
        return string(key).equals("true");
    }

    public long bytes(String key) {
        return SettingType.bytes(string(key)).orElseThrow();
    }

    public long millis(String key) {
        return SettingType.millis(string(key)).orElseThrow();
    }

    /** The words of a comma list, without blanks around them; none for an empty value. */
    public List<String> list(String key) {
        List<String> words = new ArrayList<>();
        Arrays.stream(string(key).split(","))
                .map(String::strip)
                .filter(word -> !word.isEmpty())
                .forEach(words::add);
        return words;
    }

    /** Whether somebody set this key: the site, the defaults file or the program. */
    public boolean isSet(String key) {
        return set.containsKey(key);
    }

    public Optional<String> ifSet(String key) {
        return Optional.ofNullable(set.get(key));
    }

    /** What was set below this prefix, by the rest of the name. */
    public Map<String, String> below(String prefix) {
        Map<String, String> found = new LinkedHashMap<>();
        for (Map.Entry<String, String> entry : set.entrySet()) {
            if (entry.getKey().startsWith(prefix)) {
                found.put(entry.getKey().substring(prefix.length()), entry.getValue());
            }
        }
        return found;
    }

    /** What was set, by any source: for journals and container launches, which resolve the defaults again. */
    public Map<String, String> explicit() {
        return new LinkedHashMap<>(set);
    }
}
