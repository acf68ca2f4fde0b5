/** The classes of Hadoop's formats and of converters that a program names, found and made for {@code input} and {@code output}. */
package io.weft.runner.formats;
