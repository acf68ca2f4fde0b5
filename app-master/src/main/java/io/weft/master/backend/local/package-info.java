/**
 * Runners on this machine: one in this JVM (local[N]), or child JVMs that run the same container main as on YARN, with real RPC and a
 * real shuffle between them (local-cluster[C,S,MB]).
 */
package io.weft.master.backend.local;
