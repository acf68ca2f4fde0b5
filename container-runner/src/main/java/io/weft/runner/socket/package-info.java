/** What sockets of one machine have in common: Python processes come in, and each is served by a thread. */
package io.weft.runner.socket;
