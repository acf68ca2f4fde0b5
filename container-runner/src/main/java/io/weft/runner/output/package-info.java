/**
 * Writes a task's file through Hadoop's committers, and sets up and commits the whole save: bytes go in, part files come out once the
 * ApplicationMaster has granted the attempt its commit. Depends on protocol alone; hadoop.fs is used here.
 */
package io.weft.runner.output;
