/**
 * The driver's two doors. {@link io.weft.master.gateway.Gateway} takes and gives strings and numbers over Py4J; the data socket
 * (DATASOCKET.md) carries plans, results and blocks. No scheduling happens here.
 */
package io.weft.master.gateway;
