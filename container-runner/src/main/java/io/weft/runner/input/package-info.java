/**
 * Opens the inputs of a task: a text split or a range of an uploaded block goes in, blocks of bytes for the worker come out. Depends on
 * protocol alone; hadoop.fs is used here.
 */
package io.weft.runner.input;
