/**
 * The client of {@code yarn jar} and {@code bin/weft submit}: checks what was asked, uploads what the containers need, submits,
 * waits, and exits as the script did. In: command line and the cluster's configuration. Out: one application.
 */
package io.weft.master.submit;
