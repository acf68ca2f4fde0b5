package io.weft.master.config;

import java.util.List;
import java.util.Locale;
import java.util.OptionalLong;

/** What a setting's text must look like. */
public enum SettingType {
    /** Any text. */
    STRING,
    /** A decimal integer of 32 bits. */
    INT,
    /** A decimal number that is not negative, such as 1.5. */
    NUMBER,
    /** A decimal number from 0 to 1. */
    FRACTION,
    /** true or false. */
    BOOLEAN,
    /** Bytes: a number with an optional suffix k, m, g or t (also kb, KiB, …), in powers of 1024. */
    SIZE,
    /** Milliseconds: a number with an optional suffix ms, s, m, min, h or d. */
    DURATION,
    /** Comma-separated words. */
    LIST,
    /** A path of the local file system. */
    PATH;

    private static final List<String> SIZE_UNITS = List.of("b", "k", "m", "g", "t");

    /** The type named in the definitions file; throws IllegalArgumentException for an unknown one. */
    static SettingType named(String text) {
        return valueOf(text.toUpperCase(Locale.ROOT));
    }

    /** What is wrong with this text, as the end of a sentence, or "" when nothing is. */
    String problem(String text) {
        return switch (this) {
            case STRING, LIST, PATH -> "";
            case INT -> isInt(text) ? "" : "is not an integer";
            case NUMBER -> text.matches("\\d+(\\.\\d+)?") ? "" : "is not a number such as 1.5";
            case FRACTION -> text.matches("0(\\.\\d+)?|1(\\.0+)?") ? "" : "is not a number from 0 to 1";
            case BOOLEAN -> text.equals("true") || text.equals("false") ? "" : "is neither true nor false";
            case SIZE -> bytes(text).isPresent() ? "" : "is not a size such as 512m or 2g";
            case DURATION -> millis(text).isPresent() ? "" : "is not a duration such as 500ms, 3s or 2min";
        };
    }

    private static boolean isInt(String text) {
        OptionalLong number = number(text);
        return number.isPresent() && number.getAsLong() == (int) number.getAsLong();
    }

    public static OptionalLong bytes(String text) {
        String lower = text.toLowerCase(Locale.ROOT);
        if (lower.endsWith("ib")) {
            lower = lower.substring(0, lower.length() - 2);
        } else if (lower.endsWith("b") && lower.length() > 1 && !Character.isDigit(lower.charAt(lower.length() - 2))) {
            lower = lower.substring(0, lower.length() - 1);
        }
        if (lower.isEmpty()) {
            return OptionalLong.empty();
        }
        int unit = SIZE_UNITS.indexOf(lower.substring(lower.length() - 1));
        String digits = unit < 0 ? lower : lower.substring(0, lower.length() - 1);
        return scaled(digits, 1L << (10 * Math.max(unit, 0)));
    }

    static OptionalLong millis(String text) {
        int end = 0;
        while (end < text.length() && Character.isDigit(text.charAt(end))) {
            end++;
        }
        long unit =
                switch (text.substring(end).trim().toLowerCase(Locale.ROOT)) {
                    case "", "ms" -> 1;
                    case "s" -> 1_000;
                    case "m", "min" -> 60_000;
                    case "h" -> 3_600_000;
                    case "d" -> 86_400_000;
                    default -> 0;
                };
        return unit == 0 ? OptionalLong.empty() : scaled(text.substring(0, end), unit);
    }

    private static OptionalLong scaled(String digits, long unit) {
        OptionalLong number = number(digits.trim());
        if (number.isEmpty() || number.getAsLong() < 0 || number.getAsLong() > Long.MAX_VALUE / unit) {
            return OptionalLong.empty();
        }
        return OptionalLong.of(number.getAsLong() * unit);
    }

    private static OptionalLong number(String text) {
        try {
            return OptionalLong.of(Long.parseLong(text));
        } catch (NumberFormatException notANumber) {
            return OptionalLong.empty();
        }
    }
}
