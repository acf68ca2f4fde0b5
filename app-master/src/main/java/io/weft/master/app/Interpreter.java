package io.weft.master.app;

import java.util.Locale;

/**
 * What functions and hashes are exchanged with: all interpreters of an application must agree (E07).
 *
 * @param version such as "3.11.7", or "" when it is not known
 * @param hashAlgorithm of str, such as "siphash13", or "siphash13/64/0" with bits and seed, or "" when it is not known
 */
public record Interpreter(String implementation, String version, String hashAlgorithm) {
    /** What keeps these two from working together, as the end of a sentence; "" when nothing does. What is not known does not. */
    String conflict(Interpreter other) {
        if (differs(implementation, other.implementation) || differs(minor(version), minor(other.version))) {
            return "functions cannot be exchanged";
        }
        if (!sameHash(hashAlgorithm, other.hashAlgorithm)) {
            return "their string hashes differ (" + hashAlgorithm + ", " + other.hashAlgorithm
                    + "), so keys would fall into different partitions";
        }
        return "";
    }

    /** As far as both tell: a driver says the algorithm, workers say algorithm, bits and seed. */
    private static boolean sameHash(String mine, String theirs) {
        String[] left = mine.split("/");
        String[] right = theirs.split("/");
        boolean same = true;
        for (int i = 0; i < Math.min(left.length, right.length); i++) {
            same = same && !differs(left[i], right[i]);
        }
        return same;
    }

    private static boolean differs(String mine, String theirs) {
        return !mine.isEmpty() && !theirs.isEmpty() && !mine.equalsIgnoreCase(theirs);
    }

    private static String minor(String version) {
        String[] parts = version.split("\\.");
        return parts.length < 2 ? version : parts[0] + "." + parts[1];
    }

    /** {@code CPython 3.11.7}. */
    @Override
    public String toString() {
        String name =
                switch (implementation.toLowerCase(Locale.ROOT)) {
                    case "cpython", "" -> "CPython";
                    case "pypy" -> "PyPy";
                    default -> implementation;
                };
        return name + " " + version;
    }
}
