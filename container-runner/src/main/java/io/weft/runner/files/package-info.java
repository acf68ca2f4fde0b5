/**
 * Hadoop's file systems for Python: commands and bytes of {@code weft.fs} come over a Unix-domain socket (FILES.md), each connection
 * served by a thread of its own, with this process's credentials. The driver's JVM and every runner have such a socket. Depends on
 * output's local file system and worker's JSON alone; hadoop.fs is used here.
 */
package io.weft.runner.files;
