package io.weft.master.config;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The keys that exist, in the order of {@code weft-default.xml}. The file is ours and plain, so a scanner of a few lines reads it: an
 * XML parser costs a start 40 ms.
 */
public final class Definitions {
    private static final String RESOURCE = "/weft-default.xml";

    private final Map<String, Definition> byName;

    private Definitions(Map<String, Definition> byName) {
        this.byName = byName;
    }

    /** Reads the definitions in the jar. */
    public static Definitions load() {
        try (InputStream in = Definitions.class.getResourceAsStream(RESOURCE)) {
            if (in == null) {
                throw new IllegalStateException(RESOURCE + " is missing from the class path: the jar is incomplete");
            }
            return parse(new String(in.readAllBytes(), StandardCharsets.UTF_8));
        } catch (IOException error) {
            throw new UncheckedIOException("cannot read " + RESOURCE, error);
        }
    }

    static Definitions parse(String xml) {
        Map<String, Definition> found = new LinkedHashMap<>();
        int at = xml.indexOf("<property>");
        while (at >= 0) {
            int end = xml.indexOf("</property>", at);
            if (end < 0) {
                throw new IllegalArgumentException("a property element does not end: " + xml.substring(at));
            }
            String body = xml.substring(at, end);
            Definition definition = new Definition(
                    element(body, "name"),
                    SettingType.named(element(body, "type")),
                    element(body, "value"),
                    element(body, "description"));
            if (found.put(definition.name(), definition) != null) {
                throw new IllegalArgumentException(definition.name() + " is defined twice");
            }
            at = xml.indexOf("<property>", end);
        }
        return new Definitions(found);
    }

    private static String element(String body, String tag) {
        int start = body.indexOf("<" + tag + ">");
        int end = body.indexOf("</" + tag + ">");
        if (start < 0 || end < start) {
            throw new IllegalArgumentException("no <" + tag + "> in " + body.strip());
        }
        String text = body.substring(start + tag.length() + 2, end).strip();
        return text.replace("&lt;", "<")
                .replace("&gt;", ">")
                .replace("&quot;", "\"")
                .replace("&amp;", "&");
    }

    public List<Definition> all() {
        return new ArrayList<>(byName.values());
    }

    /** The definition of this key, also by a ".*" prefix. */
    public Optional<Definition> find(String key) {
        Definition exact = byName.get(key);
        if (exact != null) {
            return Optional.of(exact);
        }
        for (Definition definition : byName.values()) {
            if (definition.isPrefix() && definition.matches(key)) {
                return Optional.of(definition);
            }
        }
        return Optional.empty();
    }

    /** The defined name that is fewest edits away; equal first parts count for it. */
    public String nearest(String key) {
        String best = "";
        int fewest = Integer.MAX_VALUE;
        for (String name : byName.keySet()) {
            int edits = edits(key, name) - 2 * equalParts(key, name);
            if (edits < fewest) {
                fewest = edits;
                best = name;
            }
        }
        return best;
    }

    private static int equalParts(String left, String right) {
        String[] parts = left.split("\\.");
        String[] others = right.split("\\.");
        int equal = 0;
        while (equal < Math.min(parts.length, others.length) && parts[equal].equals(others[equal])) {
            equal++;
        }
        return equal;
    }

    /** Insertions, deletions and replacements that turn one into the other, letter case aside. */
    private static int edits(String left, String right) {
        int[] row = new int[right.length() + 1];
        for (int j = 0; j <= right.length(); j++) {
            row[j] = j;
        }
        for (int i = 1; i <= left.length(); i++) {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= right.length(); j++) {
                char a = Character.toLowerCase(left.charAt(i - 1));
                char b = Character.toLowerCase(right.charAt(j - 1));
                int replaced = diagonal + (a == b ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.min(replaced, Math.min(row[j], row[j - 1]) + 1);
            }
        }
        return row[right.length()];
    }
}
