package io.weft.master.config;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Puts the sources one over the other: definitions, {@code weft-site.xml}, {@code weft-defaults.conf}, the program. A key that the
 * site calls final keeps the site's value. Keys that do not begin with "weft." are nobody's business here and are passed over.
 */
public final class SettingsLoader {
    private static final String PREFIX = "weft.";

    private final Definitions definitions;
    private final Map<String, String> set = new LinkedHashMap<>();
    private final Set<String> finals = new LinkedHashSet<>();
    private final List<String> problems = new ArrayList<>();
    private final List<String> warnings = new ArrayList<>();

    public SettingsLoader(Definitions definitions) {
        this.definitions = definitions;
    }

    /** Takes {@code weft-site.xml} and {@code weft-defaults.conf} of this folder; either may be missing. */
    public SettingsLoader folder(Path folder) throws SettingsException {
        Path site = folder.resolve("weft-site.xml");
        Path defaults = folder.resolve("weft-defaults.conf");
        try {
            if (Files.isRegularFile(site)) {
                for (SiteFile.Property property : SiteFile.read(site)) {
                    put(property.name(), property.value(), site.toString());
                    if (property.isFinal()) {
                        finals.add(property.name());
                    }
                }
            }
            if (Files.isRegularFile(defaults)) {
                defaultsFile(defaults);
            }
        } catch (IOException error) {
            throw new SettingsException(List.of(error.getMessage()));
        }
        return this;
    }

    private void defaultsFile(Path file) throws IOException {
        int number = 0;
        for (String raw : Files.readAllLines(file, StandardCharsets.UTF_8)) {
            number++;
            String line = raw.strip();
            if (line.isEmpty() || line.startsWith("#")) {
                continue;
            }
            String[] parts = line.split("\\s*[=\\s]\\s*", 2);
            if (parts.length < 2) {
                problems.add(file + " line " + number + ": '" + line + "' is not \"key value\".");
            } else {
                put(parts[0], parts[1], file + " line " + number);
            }
        }
    }

    /** Takes the program's own settings. */
    public SettingsLoader program(Map<String, String> settings) {
        for (Map.Entry<String, String> entry : settings.entrySet()) {
            put(entry.getKey(), entry.getValue(), "the program");
        }
        return this;
    }

    private void put(String key, String value, String source) {
        if (!key.startsWith(PREFIX)) {
            return;
        }
        Optional<Definition> definition = definitions.find(key);
        if (definition.isEmpty()) {
            problems.add(key + " is not a setting. Nearest: " + definitions.nearest(key) + ". All: weft conf --list");
            return;
        }
        if (finals.contains(key)) {
            if (!value.equals(set.get(key))) {
                warnings.add(key + " is final in weft-site.xml and stays " + set.get(key) + "; " + source
                        + " asked for " + value + ".");
            }
            return;
        }
        String problem = definition.get().type().problem(value);
        if (!problem.isEmpty()) {
            problems.add(key + ": '" + value + "' " + problem + " (" + source + ").");
            return;
        }
        set.put(key, value);
    }

    /** What the site kept against the user's wish, a sentence each. */
    public List<String> warnings() {
        return List.copyOf(warnings);
    }

    /** The settings, or every problem at once. */
    public Settings load() throws SettingsException {
        if (!problems.isEmpty()) {
            throw new SettingsException(problems);
        }
        Map<String, String> values = new LinkedHashMap<>();
        for (Definition definition : definitions.all()) {
            values.put(definition.name(), definition.value());
        }
        values.putAll(set);
        return new Settings(values, set);
    }
}
