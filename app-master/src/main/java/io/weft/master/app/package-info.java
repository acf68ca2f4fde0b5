/**
 * Wiring. {@link io.weft.master.app.Application} puts scheduler, backend, jobs and blocks together without knowing which backend it
 * is; {@link io.weft.master.app.AppLoop} is the one thread that owns the scheduler and performs its actions;
 * {@link io.weft.master.app.GatewayMain} is the process that a driver starts.
 */
package io.weft.master.app;
