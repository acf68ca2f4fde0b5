/**
 * Map outputs and blocks: what a worker wrote is checked and published here, served to other runners, and read back part by part in
 * the order asked. Wire and file formats are in MAPOUTPUT.md. Depends on protocol and on input's {@code InputSource}; no Hadoop.
 */
package io.weft.runner.shuffle;
