package io.weft.runner.input;

import java.util.Objects;

/**
 * From which file the bytes of a piece of text are.
 *
 * @param at where they begin in the piece; they reach to the next mark
 * @param start where they begin in the file: bytes as stored where it is not compressed, else bytes of its text
 * @param ends which line ends are longer in the file than in the piece, as {@link WideEnds#describe} says it
 */
public record FileMark(int at, String path, long start, String ends) {
    public FileMark {
        Objects.requireNonNull(path, "path is null");
        Objects.requireNonNull(ends, "ends is null");
    }
}
