package io.weft.runner.input;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Optional;

/** The lines of one file range as blocks; every line ends with LF, whatever ended it in the file. */
interface TextBlocks extends Closeable {
    /** The next block, valid until the next call; never empty. */
    Optional<ByteBuffer> next() throws IOException;

    /** Where the last block begins, counted as {@link #position}. */
    long begin();

    /** Which line ends of the last block are longer in the file, as {@link WideEnds#describe} says it. */
    String ends();

    /** How far the file was read: bytes as stored where it is not compressed, else bytes of its text. */
    long position();
}
