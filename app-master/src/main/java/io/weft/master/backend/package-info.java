/**
 * Where tasks run: a backend gets runners and carries commands to them; it reports back events only. {@link
 * io.weft.master.backend.RunnerEndpoint} is the link to runners in other processes, whoever started them.
 */
package io.weft.master.backend;
